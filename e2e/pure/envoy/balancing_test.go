package envoy

import (
	"net/netip"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestWhatLoadBalancingCannotPickIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		cluster, localities string
		want                []string // per endpoint, the start of Unpicked
	}{
		"all alike":                     {``, `{"lb_endpoints": [{}, {"health_status": "HEALTHY", "load_balancing_weight": 7}]}`, []string{"", ""}},
		"an unhealthy one among others": {``, `{"lb_endpoints": [{}, {"health_status": "DRAINING"}]}`, []string{"", "its health is DRAINING"}},
		"unhealthy ones in panic":       {``, `{"lb_endpoints": [{}, {"health_status": "UNHEALTHY"}, {"health_status": "UNHEALTHY"}]}`, []string{"", "", ""}},
		"without panic": {`, "common_lb_config": {"healthy_panic_threshold": {}}`, `{"lb_endpoints": [{}, {"health_status": "UNHEALTHY"}, {"health_status": "UNHEALTHY"}]}`,
			[]string{"", "its health", "its health"}},
		"a lower priority": {``, `{"lb_endpoints": [{}]}, {"priority": 1, "lb_endpoints": [{}]}`, []string{"", "its priority is 1"}},
		"a lower priority beside one that is half ill": {``, `{"lb_endpoints": [{}, {"health_status": "UNHEALTHY"}]}, {"priority": 1, "lb_endpoints": [{}]}`,
			[]string{"", "its health", ""}},
		"a locality without weight": {`, "common_lb_config": {"locality_weighted_lb_config": {}}`, `{"load_balancing_weight": 1, "lb_endpoints": [{}]}, {"locality": {"region": "r"}, "lb_endpoints": [{}]}`,
			[]string{"", "its locality r"}},
		"no weight": {``, `{"lb_endpoints": [{"load_balancing_weight": 0}]}`, []string{"its weight is 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [
				{"cluster": {"name": "c", "type": "STATIC", "load_assignment": {"endpoints": [`+test.localities+`]}`+test.cluster+`}}]}]}`)
			got, found := d.ClusterEndpoints("c")
			if !found || len(got) != len(test.want) || len(d.Lost) > 0 {
				t.Fatalf("got %+v, lost %v", got, d.Lost)
			}
			for i, want := range test.want {
				if (got[i].Unpicked == "") != (want == "") || !strings.HasPrefix(got[i].Unpicked, want) {
					t.Errorf("endpoint %d: %q, want %q", i, got[i].Unpicked, want)
				}
			}
		})
	}
}

func TestAnEndpointIsReadWithWhatIstioSaysOfIt(t *testing.T) {
	got, found := load(t, "vanilla-routes").ClusterEndpoints("outbound|8080||" + product)
	if !found || len(got) != 1 {
		t.Fatalf("got %+v, %v", got, found)
	}
	one := got[0]
	if one.Address != netip.MustParseAddrPort("10.244.0.33:8080") || one.Health != "HEALTHY" || one.Weight != 1 || !strings.HasPrefix(one.Workload, "product-service;default;") {
		t.Errorf("got %+v", one)
	}
	if _, found := load(t, "vanilla-routes").ClusterEndpoints("outbound|8080||elsewhere"); found {
		t.Error("a cluster that is not there has endpoints")
	}
}

// What a dump shows as endpoints of PassthroughCluster is where earlier requests of the proxy went, not where it may send any.
func TestAClusterOfOriginalDestinationsListsNoEndpoints(t *testing.T) {
	d := parse(t, `{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": {"name": "PassthroughCluster", "type": "ORIGINAL_DST"}}]},
		{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "static_endpoint_configs": [{"endpoint_config": {"cluster_name": "PassthroughCluster",
			"endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "10.96.0.5", "port_value": 80}}}}]}]}}]}]}`)
	if got, found := d.ClusterEndpoints(PassthroughCluster); !found || len(got) > 0 || len(d.Lost) > 0 {
		t.Errorf("got %+v, %v, lost %v", got, found, d.Lost)
	}
}

func TestAHashOfTheRequestPicksTheEndpoint(t *testing.T) {
	for _, policy := range []string{
		`"lb_policy": "RING_HASH"`, `"load_balancing_policy": {"policies": [{"typed_extension_config": {"name": "envoy.load_balancing_policies.maglev"}}]}`,
	} {
		d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [
			{"cluster": {"name": "c", `+policy+`, "load_assignment": {"endpoints": [{"lb_endpoints": [{}]}]}}}]}]}`)
		if got, _ := d.ClusterEndpoints("c"); len(got) != 1 || !got[0].ByHash {
			t.Errorf("%s: got %+v", policy, got)
		}
	}
}

func TestEachAddressOfADualStackEndpointIsAnEndpoint(t *testing.T) {
	d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [
		{"cluster": {"name": "outbound|80||a", "load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {
			"address": {"socket_address": {"address": "10.0.0.7", "port_value": 80}},
			"additional_addresses": [{"address": {"socket_address": {"address": "fd00::7", "port_value": 80}}}]}}]}]}}}]}]}`)
	six := netip.MustParseAddrPort("[fd00::7]:80")
	if got := d.Endpoints("a", 80); len(got) != 2 || got[1] != six {
		t.Errorf("got %v", got)
	}
	if got, err := d.Client("a", 80, six); err != nil || got.Endpoint != six || got.Says != hop.Plaintext {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnEndpointInsideTheProxyIsNamed(t *testing.T) {
	d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [
		{"cluster": {"name": "c", "load_assignment": {"endpoints": [{"lb_endpoints": [{"endpoint": {
			"address": {"envoy_internal_address": {"server_listener_name": "connect_originate", "endpoint_id": "10.0.0.7:80"}}}}]}]}}}]}]}`)
	if got, _ := d.ClusterEndpoints("c"); len(got) != 1 || got[0].Internal != "connect_originate/10.0.0.7:80" {
		t.Errorf("got %+v", got)
	}
}
