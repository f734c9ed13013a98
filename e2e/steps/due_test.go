package steps

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/mesh"
)

func TestAChangeIsSettledByEachOfItsKinds(t *testing.T) {
	var objects []k8s.Object
	for _, kind := range []string{"PeerAuthentication", "DestinationRule", "PeerAuthentication"} {
		object := &unstructured.Unstructured{}
		object.SetKind(kind)
		objects = append(objects, object)
	}
	if got, want := kinds(objects), []mesh.Kind{"DestinationRule", "PeerAuthentication"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
