package kube

import (
	"cmp"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"
)

// Name returns an object's kind, namespace and name: PeerAuthentication default/strict. Of an object that the API server has
// yet to name it is the beginning of the name.
func Name(object k8s.Object) string {
	return qualified(Kind(object), object.GetNamespace(), cmp.Or(object.GetName(), object.GetGenerateName()))
}

func qualified(kind, namespace, name string) string {
	if namespace == "" {
		return kind + " " + name
	}
	return kind + " " + namespace + "/" + name
}

// Kind is that of an object or a list. A client clears it of objects of Go types when it reads them back, so that of such an
// object comes from its type; it is empty where neither tells.
func Kind(object runtime.Object) string {
	if kind := object.GetObjectKind().GroupVersionKind().Kind; kind != "" {
		return kind
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(object)
	if err != nil || len(kinds) == 0 {
		return ""
	}
	return kinds[0].Kind
}

// Labelled adds a label to each object that a decoder reads. The decoder's own MutateLabels loses it for objects of kinds
// that the scheme does not know, whose labels are handed out as a copy.
func Labelled(key, value string) decoder.DecodeOption {
	return decoder.MutateOption(func(object k8s.Object) error {
		labels := object.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[key] = value
		object.SetLabels(labels)
		return nil
	})
}
