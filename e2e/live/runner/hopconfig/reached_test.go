package hopconfig

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

func TestOfARoutedAttemptTheDestinationsServerAndClusterAreRead(t *testing.T) {
	port := func(number uint16) []fixture.Port {
		return []fixture.Port{{Number: number, Workload: number, Protocol: hop.HTTP}}
	}
	service := func(name string, number uint16) fixture.Service {
		return fixture.Service{Name: name, Namespace: "n", Domain: "d", Kind: fixture.ClusterIP, Ports: port(number), Workloads: []fixture.Workload{{}}}
	}
	at := func(name string) mesh.Place {
		return mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: name}, Proxied: true}
	}
	r := &Reader{
		World: fixture.World{Clients: []fixture.Client{{Name: "client", Kind: hop.Sidecar}}, Services: []fixture.Service{service("called", 8080), service("reached", 9090)}},
		Places: mesh.Places{
			Clients:  map[string]mesh.Pods{"client": {at("client")}},
			Services: map[string]mesh.Pods{"called": {at("called")}, "reached": {at("reached")}},
		},
	}
	a := join.Attempt{
		Hop:  hop.Hop{From: "client", To: hop.ServicePort{Service: "called", Port: 8080}},
		Want: fixture.Expect{Reaches: hop.ServicePort{Service: "reached", Port: 9090}},
	}
	wanted := r.Wanted([]join.Attempt{a})
	client := wanted[at("client").Proxy]
	if !slices.Equal(client.Clusters, []string{"outbound|9090||reached.n.svc.d"}) || !slices.Equal(client.Ports, []uint16{8080}) || !client.Routes {
		t.Errorf("of the client: %+v", client)
	}
	if _, read := wanted[at("called").Proxy]; read || !wanted[at("reached").Proxy].Inbound {
		t.Errorf("of the servers: %+v", wanted)
	}
	if pairs := r.pairs(a); len(pairs) != 1 || pairs[0].Server != at("reached") {
		t.Errorf("pairs: %v", pairs)
	}
}
