package kube

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"
)

// fieldOwner is the field manager under which the suite applies objects.
const fieldOwner = "mtls-conformance"

// Name returns an object's kind, namespace and name as kubectl would: peerauthentication default/strict.
func Name(object k8s.Object) string {
	kind := object.GetObjectKind().GroupVersionKind().Kind
	if object.GetNamespace() == "" {
		return kind + " " + object.GetName()
	}
	return kind + " " + object.GetNamespace() + "/" + object.GetName()
}

func apply(ctx context.Context, r *resources.Resources, object k8s.Object) error {
	// klient has no server-side apply; its own controller-runtime client does.
	return r.GetControllerRuntimeClient().Patch(ctx, object, client.Apply, client.FieldOwner(fieldOwner), client.ForceOwnership)
}
