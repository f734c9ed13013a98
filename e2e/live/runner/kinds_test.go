package runner

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/mesh"
)

func TestAChangeIsSettledByEachOfItsKinds(t *testing.T) {
	var objects []k8s.Object
	for _, kind := range []string{"PeerAuthentication", "DestinationRule", "PeerAuthentication"} {
		object := &unstructured.Unstructured{}
		object.SetKind(kind)
		objects = append(objects, object)
	}
	// A client clears the kind of what it reads into a Go type.
	objects = append(objects, new(corev1.Service))
	if got, want := kinds(objects), []mesh.Kind{"DestinationRule", "PeerAuthentication", "Service"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
