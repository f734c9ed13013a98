package steps

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
)

func TestAChangeIsDueAtTheProxiesThatItConcerns(t *testing.T) {
	proxy := func(namespace, pod string) mesh.Proxy { return mesh.Proxy{Namespace: namespace, Pod: pod} }
	server, client := proxy("default", "server"), proxy("clients", "client")
	player := &Player{
		World: fixture.World{
			Clients:   []fixture.Client{{Name: "client", Kind: hop.Sidecar}, {Name: "plain-client", Kind: hop.Plain}},
			Placement: fixture.Own(),
			Services:  []fixture.Service{{Name: "product-service", Namespace: "default"}},
		},
		Places: mesh.Places{
			Clients:  map[string]mesh.Place{"client": {Proxy: client}, "plain-client": {Proxy: proxy("clients", "plain")}},
			Services: map[string]mesh.Place{"product-service": {Proxy: server, Proxied: true}},
		},
	}
	for name, test := range map[string]struct {
		kind, namespace string
		want            []mesh.Due
		unsure          bool
	}{
		"policy of the mesh":          {"PeerAuthentication", "istio-system", []mesh.Due{{Proxy: client, Type: mesh.LDS}, {Proxy: client, Type: mesh.CDS}, {Proxy: client, Type: mesh.EDS}, {Proxy: server, Type: mesh.LDS}}, false},
		"policy of the namespace":     {"PeerAuthentication", "default", []mesh.Due{{Proxy: client, Type: mesh.EDS}, {Proxy: server, Type: mesh.LDS}}, false},
		"policy of another namespace": {"PeerAuthentication", "clients", []mesh.Due{{Proxy: client, Type: mesh.LDS}}, false},
		"rule":                        {"DestinationRule", "default", nil, true},
	} {
		object := &unstructured.Unstructured{}
		object.SetKind(test.kind)
		object.SetNamespace(test.namespace)
		if got, unsure := player.due([]k8s.Object{object}); !slices.Equal(got, test.want) || unsure != test.unsure {
			t.Errorf("%s: got %v, %v, want %v, %v", name, got, unsure, test.want, test.unsure)
		}
	}
}
