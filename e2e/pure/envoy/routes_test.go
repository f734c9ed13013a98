package envoy

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
)

const product = "product-service.default.svc.cluster.local"

var (
	productVIP = netip.MustParseAddr("10.96.141.195")
	podAddress = netip.MustParseAddr("10.244.0.33")
)

// leads is the short form of routes: each as MATCH => CLUSTER SHARE, with "copy" for a mirror.
func leads(routes []hop.Route) []string {
	var all []string
	for _, r := range routes {
		words := []string{r.Match, "=>", r.Cluster, fmt.Sprintf("%g", r.Share)}
		if r.Mirror {
			words = append(words, "copy")
		}
		all = append(all, strings.TrimSpace(strings.Join(words, " ")))
	}
	return all
}

func TestWhereARealClientsProxyLeadsAConnection(t *testing.T) {
	for name, test := range map[string]struct {
		to       Destination
		listener string
		http     bool
		cluster  string
	}{
		"a service's HTTP port":            {Destination{Host: product, Address: productVIP, Port: 8080}, "0.0.0.0_8080", true, "outbound|8080||" + product},
		"in capital letters":               {Destination{Host: "Product-Service.default.svc.cluster.local", Address: productVIP, Port: 8080}, "0.0.0.0_8080", true, "outbound|8080||" + product},
		"by a short name":                  {Destination{Host: "product-service.default", Address: productVIP, Port: 8080}, "0.0.0.0_8080", true, "outbound|8080||" + product},
		"an undeclared port, in HTTP":      {Destination{Host: product, Address: productVIP, Port: 9080}, "10.96.141.195_9080", true, "outbound|9080||" + product},
		"an undeclared port, in bytes":     {Destination{Host: product, Address: productVIP, Port: 9080, Speaks: SpeaksBytes}, "10.96.141.195_9080", false, "outbound|9080||" + product},
		"a TCP port":                       {Destination{Host: product, Address: productVIP, Port: 9000, Speaks: SpeaksBytes}, "10.96.141.195_9000", false, "outbound|9000||" + product},
		"TLS of its own to an HTTP port":   {Destination{Host: product, Address: productVIP, Port: 8080, Speaks: SpeaksTLS}, "0.0.0.0_8080", false, PassthroughCluster},
		"a host that the proxy lacks":      {Destination{Host: "elsewhere.default.svc.cluster.local", Port: 8080}, "0.0.0.0_8080", true, PassthroughCluster},
		"a pod's address":                  {Destination{Host: "10.244.0.33", Address: podAddress, Port: 8080}, "0.0.0.0_8080", true, PassthroughCluster},
		"a pod of a headless TCP service":  {Destination{Host: "10.244.0.33", Address: podAddress, Port: 9000, Speaks: SpeaksBytes}, "10.244.0.33_9000", false, "outbound|9000||product-service-headless.default.svc.cluster.local"},
		"a port that no listener is for":   {Destination{Host: "10.244.0.33", Address: podAddress, Port: 7777}, virtualOutbound, false, PassthroughCluster},
		"the port of virtualOutbound":      {Destination{Host: "10.244.0.33", Address: podAddress, Port: 15001}, virtualOutbound, false, BlackHoleCluster},
		"an address of the other family":   {Destination{Host: product, Address: netip.MustParseAddr("fd00::1"), Port: 8080}, "0.0.0.0_8080", true, "outbound|8080||" + product},
		"another address of a TCP service": {Destination{Host: product, Address: netip.MustParseAddr("10.96.0.99"), Port: 9000, Speaks: SpeaksBytes}, virtualOutbound, false, PassthroughCluster},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, "vanilla-routes").Routes(test.to)
			if err != nil || got.Refused != "" || len(got.Undecided) > 0 {
				t.Fatalf("got %+v, %v", got, err)
			}
			if got.Listener != test.listener || got.HTTP != test.http || len(got.Routes) != 1 || got.Routes[0].Cluster != test.cluster {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestARouteNamesItsDestinationAndWhoSaysSo(t *testing.T) {
	got, err := load(t, "vanilla-routes").Routes(Destination{Host: product, Address: productVIP, Port: 8080})
	want := []hop.Route{{
		To: hop.ServicePort{Service: product, Port: 8080}, Cluster: "outbound|8080||" + product, Share: 1,
		By: "routes 8080, virtual host " + product + ":8080, route 1",
	}}
	if err != nil || !cmp.Equal(got.Routes, want) {
		t.Errorf("%v: %s", err, cmp.Diff(want, got.Routes))
	}
}

func TestAClientThatWaitsForTheServerIsLedNowhereByAListenerThatReadsFirst(t *testing.T) {
	got, err := load(t, "vanilla-routes").Routes(Destination{Host: product, Address: productVIP, Port: 8080, Speaks: SpeaksNothing})
	if err != nil || got.Refused == "" || len(got.Routes) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestADumpThatIsReadForHostsHoldsTheirRoutesAndKnowsWhatItLeftOut(t *testing.T) {
	content, err := os.Open("testdata/vanilla-routes.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	d, err := Parse(content, product, podAddress.String())
	if err != nil {
		t.Fatal(err)
	}
	for host, cluster := range map[string]string{product: "outbound|8080||" + product, podAddress.String(): PassthroughCluster} {
		if got, err := d.Routes(Destination{Host: host, Port: 8080}); err != nil || len(got.Routes) != 1 || got.Routes[0].Cluster != cluster {
			t.Errorf("%s: got %+v, %v", host, got, err)
		}
	}
	for what, to := range map[string]Destination{
		"a host's routes":         {Host: "order-service.default.svc.cluster.local", Port: 8080},
		"the listener of another": {Host: podAddress.String(), Address: podAddress, Port: 9000},
	} {
		if got, err := d.Routes(to); !errors.Is(err, ErrAbsent) {
			t.Errorf("%s was left out, got %+v, %v", what, got, err)
		}
	}
}

// sidecar is a proxy with a listener for any address of port 80, whose requests go by the given virtual hosts, and one for
// 10.0.0.9:9000, whose connections go by the given TCP proxy.
func sidecar(t *testing.T, proxy string, virtualHosts ...string) *Dump {
	t.Helper()
	const types = "type.googleapis.com/"
	listener := func(name, address, port, filter string) string {
		return `{"name": "` + name + `", "active_state": {"listener": {"address": {"socket_address": {"address": "` + address + `", "port_value": ` + port + `}},
			"filter_chains": [{"filters": [` + filter + `]}]}}}`
	}
	if proxy == "" {
		proxy = `"cluster": "PassthroughCluster"`
	}
	return parse(t, `{"configs": [
		{"@type": "`+types+`envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [`+strings.Join([]string{
		listener("0.0.0.0_80", "0.0.0.0", "80", `{"typed_config": {"@type": "`+types+httpConnectionManager+`", "rds": {"route_config_name": "80"}}}`),
		listener("10.0.0.9_9000", "10.0.0.9", "9000", `{"typed_config": {"@type": "`+types+tcpProxy+`", `+proxy+`}}`),
		listener("virtualOutbound", "0.0.0.0", "15001", `{"typed_config": {"@type": "`+types+tcpProxy+`", "cluster": "BlackHoleCluster"}}`),
	}, ",")+`]},
		{"@type": "`+types+`envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": [{"route_config": {"name": "80", "ignore_port_in_host_matching": true,
			"virtual_hosts": [`+strings.Join(virtualHosts, ",")+`]}}]}]}`)
}

func TestRequestsGoByTheRoutesOfTheirVirtualHost(t *testing.T) {
	for name, test := range map[string]struct {
		routes    string
		want      []string
		undecided string
	}{
		"weights": {`{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [
			{"name": "outbound|80|v1|a", "weight": 3}, {"name": "outbound|80||b", "weight": 1}, {"name": "outbound|80||c", "weight": 0}]}}}`,
			[]string{"=> outbound|80|v1|a 0.75", "=> outbound|80||b 0.25"}, ""},
		"matches, in order": {`{"match": {"path_separated_prefix": "/beta", "headers": [{"name": "X-User", "string_match": {"exact": "jason"}}]}, "route": {"cluster": "outbound|80||b"}},
			{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||a"}}`,
			[]string{"path segment-prefix /beta; header x-user exact jason => outbound|80||b 1", "=> outbound|80||a 1"}, ""},
		"a mirror": {`{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||a", "request_mirror_policies": [
			{"cluster": "outbound|80||b", "runtime_fraction": {"default_value": {"numerator": 100000, "denominator": "MILLION"}}}, {"cluster": "outbound|80||c"}]}}`,
			[]string{"=> outbound|80||a 1", "=> outbound|80||b 0.1 copy", "=> outbound|80||c 1 copy"}, ""},
		"a mirror of no request": {`{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||a", "request_mirror_policies": [
			{"cluster": "outbound|80||b", "runtime_fraction": {"default_value": {}}}]}}`, []string{"=> outbound|80||a 1"}, ""},
		"a redirect and a direct response": {`{"match": {"path": "/old"}, "redirect": {"path_redirect": "/"}}, {"match": {"prefix": "/"}, "direct_response": {"status": 503}}`,
			[]string{"path exact /old =>  1", "=>  1"}, ""},
		"a cluster by header":      {`{"match": {"prefix": "/"}, "route": {"cluster_header": "x-cluster"}}`, nil, "by header x-cluster"},
		"a mirror by header":       {`{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||a", "request_mirror_policies": [{"cluster_header": "x-copy"}]}}`, []string{"=> outbound|80||a 1"}, "by header x-copy"},
		"a share by header":        {`{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [{"cluster_header": "x", "weight": 1}]}}}`, nil, "a share of 1 goes to a cluster by header x"},
		"an action of another day": {`{"match": {"prefix": "/"}, "filter_action": {}}`, nil, "its action is not evaluated"},
		"a match of no shape":      {`{"match": {"prefix": 7}, "route": {"cluster": "outbound|80||a"}}`, nil, "its match could not be read"},
		"a route of no shape":      {`7`, nil, "route 1 could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sidecar(t, "", `{"name": "shop", "domains": ["shop.example"], "routes": [`+test.routes+`]}`).Routes(Destination{Host: "shop.example", Port: 80})
			if err != nil || !cmp.Equal(leads(got.Routes), test.want) {
				t.Errorf("%v: %s", err, cmp.Diff(test.want, leads(got.Routes)))
			}
			if undecided := strings.Join(got.Undecided, "\n"); !strings.Contains(undecided, test.undecided) || undecided != "" && test.undecided == "" {
				t.Errorf("undecided is %q, want %q", undecided, test.undecided)
			}
		})
	}
}

func TestARoutesOwnMirrorTakesThePlaceOfItsVirtualHosts(t *testing.T) {
	d := sidecar(t, "", `{"name": "shop", "domains": ["shop.example"], "request_mirror_policies": [{"cluster": "outbound|80||b"}], "routes": [
		{"match": {"path": "/own"}, "route": {"cluster": "outbound|80||a", "request_mirror_policies": [{"cluster": "outbound|80||c"}]}},
		{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||a"}}]}`)
	got, err := d.Routes(Destination{Host: "shop.example", Port: 80})
	want := []string{"path exact /own => outbound|80||a 1", "path exact /own => outbound|80||c 1 copy", "=> outbound|80||a 1", "=> outbound|80||b 1 copy"}
	if err != nil || !cmp.Equal(leads(got.Routes), want) {
		t.Errorf("%v: %s", err, cmp.Diff(want, leads(got.Routes)))
	}
}

func TestADomainIsFoundInEnvoysOrder(t *testing.T) {
	host := func(domain string) string {
		return `{"name": "` + domain + `", "domains": ["` + domain + `"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "` + domain + `"}}]}`
	}
	d := sidecar(t, "", host("*"), host("*.example"), host("*.shop.example"), host("a.*"), host("a.shop.*"), host("a.shop.example"))
	for asked, want := range map[string]string{
		"a.shop.example": "a.shop.example", "b.shop.example": "*.shop.example", "c.example": "*.example", "a.shop.test": "a.shop.*", "a.test": "a.*", "test": "*", ".example": "*",
	} {
		if got, err := d.Routes(Destination{Host: asked, Port: 80}); err != nil || len(got.Routes) != 1 || got.Routes[0].Cluster != want {
			t.Errorf("%s: got %+v, %v; want %s", asked, got, err, want)
		}
	}
}

func TestANameWithItsPortGoesBeforeOneWithout(t *testing.T) {
	table := routeTable{Hosts: []*virtualHost{{Name: "without", Domains: []string{"a.example"}}, {Name: "with", Domains: []string{"a.example:80"}}}}
	for port, want := range map[uint16]string{80: "with", 81: "without"} {
		if got := table.hostOf("a.example", port); got == nil || got.Name != want {
			t.Errorf("port %d: got %+v, want %s", port, got, want)
		}
	}
}

func TestOfSeveralListenersThatFitAlikeTheFirstByNameTakesAConnection(t *testing.T) {
	listener := func(name, address string) string {
		return `{"name": "` + name + `", "active_state": {"listener": {"address": {"socket_address": {"address": "` + address + `", "port_value": 80}}, "filter_chains": [{"filters": []}]}}}`
	}
	for name, test := range map[string]struct{ address, want string }{
		"of its address": {address: "10.0.0.9", want: "b"},
		"of its family":  {address: "10.0.0.8", want: "d"},
		"of the other":   {address: "fd00::1", want: "d"},
		"without one":    {want: "d"},
	} {
		t.Run(name, func(t *testing.T) {
			d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [`+strings.Join([]string{
				listener("e", "0.0.0.0"), listener("c", "10.0.0.9"), listener("b", "10.0.0.9"), listener("d", "0.0.0.0"), listener("virtualOutbound", "0.0.0.0"),
			}, ",")+`]}]}`)
			var address netip.Addr
			if test.address != "" {
				address = netip.MustParseAddr(test.address)
			}
			got, err := d.Routes(Destination{Host: "a.example", Address: address, Port: 80})
			if err != nil || got.Listener != test.want {
				t.Errorf("got listener %s, %v; want %s", got.Listener, err, test.want)
			}
		})
	}
}

func TestADomainLosesItsPort(t *testing.T) {
	for domain, want := range map[string]string{"a.example": "a.example", "a.example:80": "a.example", "[fd00::1]:80": "fd00::1", "[fd00::1]": "fd00::1", "10.0.0.9": "10.0.0.9"} {
		if got := withoutPort(domain); got != want {
			t.Errorf("%s: got %s, want %s", domain, got, want)
		}
	}
}

func TestRequestsForNoVirtualHostAreRefused(t *testing.T) {
	got, err := sidecar(t, "").Routes(Destination{Host: "shop.example", Port: 80})
	if err != nil || got.Refused != "routes 80 has no virtual host for shop.example" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestATCPConnectionGoesByTheWeightsOfItsListener(t *testing.T) {
	d := sidecar(t, `"weighted_clusters": {"clusters": [{"name": "outbound|9000||a", "weight": 9}, {"name": "outbound|9000||b", "weight": 1}]}`)
	got, err := d.Routes(Destination{Host: "a", Address: netip.MustParseAddr("10.0.0.9"), Port: 9000, Speaks: SpeaksBytes})
	if want := []string{"=> outbound|9000||a 0.9", "=> outbound|9000||b 0.1"}; err != nil || !cmp.Equal(leads(got.Routes), want) {
		t.Errorf("%v: %s", err, cmp.Diff(want, leads(got.Routes)))
	}
}

func TestTheServerNameDecidesAtAListenerOfTLS(t *testing.T) {
	chain := func(match, cluster string) string {
		return `{"filter_chain_match": {` + match + `}, "filters": [{"typed_config": {"@type": "type.googleapis.com/` + tcpProxy + `", "cluster": "` + cluster + `"}}]}`
	}
	d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
		{"name": "0.0.0.0_443", "active_state": {"listener": {"address": {"socket_address": {"address": "0.0.0.0", "port_value": 443}},
			"listener_filters": [{"typed_config": {"@type": "type.googleapis.com/`+tlsInspector+`"}}],
			"filter_chains": [`+chain(`"server_names": ["a.example"]`, "a")+`,`+chain(`"server_names": ["*.example"]`, "any")+`],
			"default_filter_chain": `+chain("", PassthroughCluster)+`}}}]}]}`)
	for host, want := range map[string]string{"a.example": "a", "b.example": "any", "b.test": PassthroughCluster, "10.0.0.9": PassthroughCluster} {
		if got, err := d.Routes(Destination{Host: host, Port: 443, Speaks: SpeaksTLS}); err != nil || len(got.Routes) != 1 || got.Routes[0].Cluster != want {
			t.Errorf("%s: got %+v, %v; want %s", host, got, err, want)
		}
	}
}

func TestAListenerOfAHostThatAVirtualServiceLeadsElsewhereIsRead(t *testing.T) {
	d, err := Parse(strings.NewReader(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
		{"name": "10.0.0.9_9000", "active_state": {"listener": {"address": {"socket_address": {"address": "10.0.0.9", "port_value": 9000}}, "filter_chains": [
			{"metadata": {"filter_metadata": {"istio": {"config": "/apis/networking.istio.io/v1/namespaces/default/virtual-service/a"}}},
			"filters": [{"typed_config": {"@type": "type.googleapis.com/`+tcpProxy+`", "cluster": "outbound|9000||b"}}]}]}}}]}]}`), "a")
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Routes(Destination{Host: "a", Address: netip.MustParseAddr("10.0.0.9"), Port: 9000, Speaks: SpeaksBytes})
	if err != nil || len(got.Routes) != 1 || got.Routes[0].To.Service != "b" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAListenerMayHaveFurtherAddresses(t *testing.T) {
	d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
		{"name": "10.0.0.9_9000", "active_state": {"listener": {"address": {"socket_address": {"address": "10.0.0.9", "port_value": 9000}},
			"additional_addresses": [{"address": {"socket_address": {"address": "fd00::9", "port_value": 9000}}}],
			"filter_chains": [{"filters": [{"typed_config": {"@type": "type.googleapis.com/`+tcpProxy+`", "cluster": "outbound|9000||a"}}]}]}}},
		{"name": "udp_10.0.0.8_9000", "active_state": {"listener": {"address": {"socket_address": {"protocol": "UDP", "address": "10.0.0.8", "port_value": 9000}}}}}]}]}`)
	got, err := d.Routes(Destination{Host: "a", Address: netip.MustParseAddr("fd00::9"), Port: 9000, Speaks: SpeaksBytes})
	if err != nil || len(got.Routes) != 1 || got.Listener != "10.0.0.9_9000" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := d.Routes(Destination{Host: "a", Address: netip.MustParseAddr("10.0.0.8"), Port: 9000}); !errors.Is(err, ErrAbsent) {
		t.Errorf("a listener for UDP takes a TCP connection: %+v, %v", got, err)
	}
}

func TestWhatChoosesARouteAndIsNotEvaluatedLeavesItUndecided(t *testing.T) {
	for name, listener := range map[string]string{
		"a matcher of chains": `"filter_chain_matcher": {}`,
		"scoped routes":       `"filter_chains": [{"filters": [{"typed_config": {"@type": "type.googleapis.com/` + httpConnectionManager + `", "scoped_routes": {}}}]}]`,
		"another filter":      `"filter_chains": [{"filters": [{"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy"}}]}]`,
		"a match by source":   `"filter_chains": [{"filter_chain_match": {"source_ports": [7]}}]`,
		"a matcher of routes": `"filter_chains": [{"filters": [{"typed_config": {"@type": "type.googleapis.com/` + httpConnectionManager + `", "route_config": {"virtual_hosts": [{"domains": ["*"], "matcher": {}}]}}}]}]`,
	} {
		d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
			{"name": "0.0.0.0_80", "active_state": {"listener": {"address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}, `+listener+`}}}]}]}`)
		if got, err := d.Routes(Destination{Host: "a", Port: 80}); err != nil || len(got.Routes) > 0 || len(got.Undecided) != 1 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestAFilterThatMayChangeTheRouteLeavesItUndecided(t *testing.T) {
	for name, row := range map[string]struct {
		filter    string
		undecided int
	}{
		"router":                {`"envoy.extensions.filters.http.router.v3.Router"`, 0},
		"Lua":                   {`"envoy.extensions.filters.http.lua.v3.Lua"`, 1},
		"authorization":         {`"envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"`, 0},
		"one that routes anew":  {`"envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", "clear_route_cache": true`, 1},
		"one of no known type":  {`"example.Unknown"`, 1},
		"Istio's own telemetry": {`"stats.PluginConfig"`, 0},
	} {
		d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
			{"name": "0.0.0.0_80", "active_state": {"listener": {"address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}},
				"filter_chains": [{"filters": [{"typed_config": {"@type": "type.googleapis.com/`+httpConnectionManager+`",
					"http_filters": [{"name": "f", "typed_config": {"@type": `+strings.Replace(row.filter, `"`, `"type.googleapis.com/`, 1)+`}}],
					"route_config": {"virtual_hosts": [{"domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||a"}}]}]}}}]}]}}}]}]}`)
		got, err := d.Routes(Destination{Host: "a", Port: 80})
		if err != nil || len(got.Routes) != 1 || len(got.Undecided) != row.undecided {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if all := d.GatewayRoutes(); len(all.Undecided) != row.undecided {
			t.Errorf("%s: routes of a gateway: %+v", name, all)
		}
	}
}

func TestARouteConfigurationThatIsNotThereIsAbsent(t *testing.T) {
	d := sidecar(t, "")
	delete(d.routes, "80")
	if _, err := d.Routes(Destination{Host: "a", Port: 80}); !errors.Is(err, ErrAbsent) {
		t.Errorf("got %v", err)
	}
}

func TestAGatewaysRoutesToAServiceComeWithTheirOtherDestinations(t *testing.T) {
	d := sidecar(t, `"cluster": "outbound|9000||a"`, `{"name": "shop", "domains": ["shop.example"], "routes": [
		{"match": {"prefix": "/a"}, "route": {"weighted_clusters": {"clusters": [{"name": "outbound|80||a", "weight": 9}, {"name": "outbound|80||b", "weight": 1}]}}},
		{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||c", "request_mirror_policies": [{"cluster": "outbound|80||b"}]}}]}`)
	for to, want := range map[hop.ServicePort][]string{
		{Service: "a", Port: 80}:   {"path prefix /a => outbound|80||a 0.9", "path prefix /a => outbound|80||b 0.1"},
		{Service: "b", Port: 80}:   {"path prefix /a => outbound|80||a 0.9", "path prefix /a => outbound|80||b 0.1", "=> outbound|80||c 1", "=> outbound|80||b 1 copy"},
		{Service: "a", Port: 9000}: {"=> outbound|9000||a 1"},
		{Service: "d", Port: 80}:   nil,
	} {
		if got := leads(d.GatewayRoutes().LeadingTo(to)); !cmp.Equal(got, want) {
			t.Errorf("%v: %s", to, cmp.Diff(want, got))
		}
	}
}

func TestTheServiceOfAClusterIsReadFromItsName(t *testing.T) {
	for cluster, want := range map[string]string{
		"outbound|80|v1|a.example": "a.example:80 v1", "outbound_.80_._.a.example": "a.example:80", "outbound|x||a": "", "inbound|80||": "", PassthroughCluster: "",
	} {
		to, subset, found := ServiceOf(cluster)
		got := ""
		if found {
			got = strings.TrimSpace(to.String() + " " + subset)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", cluster, got, want)
		}
	}
}

func TestAClientThatIsLedToBlackHoleClusterIsRefusedForThat(t *testing.T) {
	client, err := load(t, "vanilla-routes").Outbound(BlackHoleCluster, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	got := Predict(client, WithoutProxy(80), Attempt{})
	if got.Says != hop.Refused || got.Refusal != hop.Blocked || !strings.Contains(got.Why, "it leads to BlackHoleCluster") {
		t.Errorf("got %+v", got)
	}
}
