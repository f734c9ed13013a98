package envoy

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

const productCluster = "outbound|8080||product-service.default.svc.cluster.local"

func TestOnlyWhatIsWantedIsAskedFor(t *testing.T) {
	asked := map[string]string{}
	for _, part := range (Wanted{Inbound: true, Ports: []uint16{9000}, Clusters: []string{productCluster}, Onward: true}).Parts() {
		path, err := url.Parse(part.Path())
		if err != nil {
			t.Fatal(err)
		}
		asked[path.Query().Get("resource")] = path.Query().Get("name_regex")
	}
	clusters := `outbound\|8080\|\|product-service\.default\.svc\.cluster\.local|outbound_\..*`
	for resource, want := range map[string]string{
		"dynamic_active_secrets": "", "dynamic_warming_secrets": "", "dynamic_listeners": `virtualInbound|.*_9000`,
		"dynamic_active_clusters": clusters, "dynamic_warming_clusters": clusters, "dynamic_endpoint_configs": clusters,
	} {
		if got, found := asked[resource]; !found || got != want {
			t.Errorf("%s: asked for %q, want %q", resource, got, want)
		}
		delete(asked, resource)
	}
	if len(asked) > 0 {
		t.Errorf("asked besides for %v", asked)
	}
	if parts := (Wanted{}).Parts(); len(parts) != 2 {
		t.Errorf("without a wish: %v", parts)
	}
}

func TestRoutesAreAskedForByTheirPorts(t *testing.T) {
	for name, test := range map[string]struct {
		wanted            Wanted
		listeners, routes string
	}{
		"a sidecar": {Wanted{Routes: true, Ports: []uint16{8080, 80}}, `.*_8080|.*_80|virtualOutbound`, `(.*:)?8080|(.*:)?80`},
		"a gateway": {Wanted{Routes: true, Listeners: true}, ".*", ".*"},
		"no port":   {Wanted{Routes: true}, "virtualOutbound", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := map[string]string{}
			for _, part := range test.wanted.Parts() {
				asked[part.Resource] = strings.Join(part.Names, "|")
			}
			if asked["dynamic_listeners"] != test.listeners || asked[routeConfigs] != test.routes || asked[activeClusters] != "PassthroughCluster|BlackHoleCluster" {
				t.Errorf("asked for %v", asked)
			}
		})
	}
}

// answers are those of a client's proxy to the parts that tell of one cluster.
func answers(clusters, warming string) []Answer {
	const endpoints = `{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.EndpointsConfigDump.DynamicEndpointConfig","endpoint_config":{"cluster_name":"` + productCluster + `",
		"endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"10.0.0.7","port_value":8080}}}}]}]}}]}`
	var all []Answer
	for _, part := range (Wanted{Clusters: []string{productCluster}}).Parts() {
		body := map[string]string{"dynamic_active_clusters": clusters, "dynamic_warming_clusters": warming, "dynamic_endpoint_configs": endpoints}[part.Resource]
		if body == "" {
			body = `{}`
		}
		all = append(all, Answer{Part: part, Body: strings.NewReader(body)})
	}
	return all
}

const clusterAnswer = `{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster","cluster":{"name":"` + productCluster + `","type":"EDS"}}]}`

func TestPartsAreReadAsOneDump(t *testing.T) {
	d, err := Join(answers(clusterAnswer, ""))
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Outbound(productCluster, netip.MustParseAddrPort("10.0.0.7:8080"))
	if err != nil || got.Says != hop.Plaintext || got.Warming {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAWarmingClusterIsNotTakenForOneInForce(t *testing.T) {
	d, err := Join(answers(clusterAnswer, clusterAnswer))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Outbound(productCluster, netip.AddrPort{}); err != nil || !got.Warming {
		t.Errorf("in force and warming: got %+v, %v", got, err)
	}
	if d, err = Join(answers("", clusterAnswer)); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Outbound(productCluster, netip.AddrPort{}); err != nil || got.Refusal != hop.NoCluster {
		t.Errorf("only warming: got %+v, %v", got, err)
	}
}

func TestWhatWasNotAskedForIsNotTakenForAbsent(t *testing.T) {
	d, err := Join(answers(clusterAnswer, ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Outbound(ClusterName("order-service.default.svc.cluster.local", 8080), netip.AddrPort{}); !errors.Is(err, ErrAbsent) {
		t.Errorf("another cluster: %v", err)
	}
}

func TestRoutesAreReadFromParts(t *testing.T) {
	parts := (Wanted{Routes: true, Ports: []uint16{80}}).Parts()
	const types = "type.googleapis.com/"
	bodies := map[string]string{
		"dynamic_listeners": `{"configs": [{"@type": "` + types + `envoy.admin.v3.ListenersConfigDump.DynamicListener", "name": "0.0.0.0_80", "active_state": {"listener": {
			"address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}},
			"filter_chains": [{"filters": [{"typed_config": {"@type": "` + types + httpConnectionManager + `", "rds": {"route_config_name": "80"}}}]}]}}}]}`,
		routeConfigs: `{"configs": [{"@type": "` + types + `envoy.admin.v3.RoutesConfigDump.DynamicRouteConfig", "route_config": {"name": "80",
			"virtual_hosts": [{"domains": ["a"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||b"}}]}]}}]}`,
	}
	var all []Answer
	for _, part := range parts {
		body := bodies[part.Resource]
		if body == "" {
			body = "{}"
		}
		all = append(all, Answer{Part: part, Body: strings.NewReader(body)})
	}
	d, err := Join(all, "a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Routes(Destination{Host: "a", Port: 80}); err != nil || len(got.Routes) != 1 || got.Routes[0].Cluster != "outbound|80||b" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := d.Routes(Destination{Host: "a", Port: 81}); !errors.Is(err, ErrAbsent) {
		t.Errorf("a port that was not asked for: %v", err)
	}
}

func TestAPartThatIsCutShortIsNamed(t *testing.T) {
	_, err := Join(answers(clusterAnswer[:80], ""))
	if err == nil || !strings.Contains(err.Error(), "dynamic_active_clusters: read configuration dump") {
		t.Errorf("got %v", err)
	}
}
