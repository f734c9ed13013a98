package replay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestACutObjectHasWhatASurveyReads(t *testing.T) {
	objects, err := Decode("v1", "Pod", []byte(`{"items": [{
		"metadata": {"name": "cart-5c8d-x", "namespace": "web", "uid": "u", "managedFields": [], "labels": {"app": "cart"},
			"annotations": {"sidecar.istio.io/inject": "true", "prometheus.io/port": "1"}},
		"spec": {"serviceAccountName": "cart", "volumes": [], "containers": [{"name": "app", "image": "registry/app", "env": [], "args": ["a"]}]},
		"status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}], "hostIP": "10.0.0.2"}}]}`))
	if err != nil || len(objects) != 1 {
		t.Fatal(objects, err)
	}
	want := Object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "cart-5c8d-x", "namespace": "web", "labels": map[string]any{"app": "cart"}, "annotations": map[string]any{"sidecar.istio.io/inject": "true"}},
		"spec":     map[string]any{"serviceAccountName": "cart", "containers": []any{map[string]any{"name": "app", "args": []any{"a"}}}},
		"status":   map[string]any{"phase": "Running", "podIPs": []any{map[string]any{"ip": "10.0.0.1"}}},
	}
	if diff := cmp.Diff(want, objects[0].Cut()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Decode("v1", "Pod", []byte("{")); err == nil {
		t.Error("half a list is read")
	}
}

func TestACutEndpointSliceKeepsItsEndpoints(t *testing.T) {
	slice := Object{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
		"endpoints": []any{map[string]any{"addresses": []any{"10.0.0.1"}, "targetRef": map[string]any{"kind": "Pod", "name": "a", "uid": "u"}}}}
	want := Object{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "metadata": map[string]any{},
		"endpoints": []any{map[string]any{"addresses": []any{"10.0.0.1"}, "targetRef": map[string]any{"kind": "Pod", "name": "a"}}}}
	if diff := cmp.Diff(want, slice.Cut()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func pod(name, hash string) Object {
	return Object{"kind": "Pod", "metadata": map[string]any{"name": name, "namespace": "web", "labels": map[string]any{"pod-template-hash": hash}}}
}

func TestPodsAreNamedByTheirWorkload(t *testing.T) {
	slice := Object{"kind": "EndpointSlice", "metadata": map[string]any{
		"name": "orders-abcde", "generateName": "orders-", "namespace": "shop", "labels": map[string]any{"kubernetes.io/service-name": "orders"},
	}}
	aliases, err := Aliases([]Object{pod("cart-5c8d-x", "5c8d"), slice, {"kind": "Pod", "metadata": map[string]any{"name": "alone"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"cart-5c8d-x": "cart", "orders-abcde": "orders"}, aliases); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := string(Rename([]byte("id: sidecar~cart-5c8d-x.web"), aliases)); got != "id: sidecar~cart.web" {
		t.Error(got)
	}
	if _, err := Aliases([]Object{pod("cart-5c8d-x", "5c8d"), pod("cart-5c8d-y", "5c8d")}); err == nil || !strings.Contains(err.Error(), "web/cart") {
		t.Errorf("two pods have one name: %v", err)
	}
}

func TestObjectsAreWrittenInOneOrder(t *testing.T) {
	namespace := Object{"kind": "Namespace", "metadata": map[string]any{"name": "web"}}
	for _, objects := range [][]Object{{pod("a", ""), pod("b", ""), namespace}, {namespace, pod("b", ""), pod("a", "")}} {
		got, err := Write(objects)
		if err != nil || strings.Index(string(got), "Namespace") > strings.Index(string(got), "name: a") || strings.Index(string(got), "name: a") > strings.Index(string(got), "name: b") {
			t.Errorf("%v:\n%s", err, got)
		}
	}
	if namespace.Namespace() != "web" {
		t.Error(namespace.Namespace())
	}
}
