package kube

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"
)

// fieldOwner is the field manager under which the suite applies objects.
const fieldOwner = "mtls-conformance"

// Name returns an object's kind, namespace and name as kubectl would: peerauthentication default/strict.
func Name(object k8s.Object) string {
	kind := Kind(object)
	if object.GetNamespace() == "" {
		return kind + " " + object.GetName()
	}
	return kind + " " + object.GetNamespace() + "/" + object.GetName()
}

// Kind is that of an object. A client clears it of objects of Go types when it reads them back, so that of such an object comes
// from its type; it is empty where neither tells.
func Kind(object k8s.Object) string {
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

// apply is server-side; klient has none, its own controller-runtime client does.
func apply(ctx context.Context, r *resources.Resources, object k8s.Object) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return err
	}
	configuration := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: fields})
	return r.GetControllerRuntimeClient().Apply(ctx, configuration, client.FieldOwner(fieldOwner), client.ForceOwnership)
}
