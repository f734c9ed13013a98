package hopconfig

import (
	"net/netip"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// A call of a pod's address is no service that the proxy knows: where it leads is the outboundTrafficPolicy's to say.
func TestWhereACallOfAPodsAddressLeads(t *testing.T) {
	world := fixture.World{
		Clients:  []fixture.Client{{Name: "client", Kind: hop.Sidecar}},
		Services: []fixture.Service{{Name: "pod", Kind: fixture.Pod, Ports: []fixture.Port{{Number: 9000, Workload: 9000, Protocol: hop.TCP}}, Workloads: []fixture.Workload{{}}}},
	}
	a := join.Attempt{Hop: hop.Hop{From: "client", To: hop.ServicePort{Service: "pod", Port: 9000}}}
	pair := Pair{Server: mesh.Place{Address: netip.MustParseAddr("10.244.0.7")}}
	for _, cluster := range []string{envoy.PassthroughCluster, envoy.BlackHoleCluster} {
		dump, err := envoy.Parse(strings.NewReader(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
			{"name": "virtualOutbound", "active_state": {"listener": {"address": {"socket_address": {"address": "0.0.0.0", "port_value": 15001}},
				"default_filter_chain": {"filters": [{"name": "tcp", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "` + cluster + `"}}]}}}}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if way, err := (&Reader{World: world}).led(a, pair, dump); err != nil || way.cluster != cluster || len(way.otherwise) > 0 {
			t.Errorf("%s: %+v, %v", cluster, way, err)
		}
	}
}
