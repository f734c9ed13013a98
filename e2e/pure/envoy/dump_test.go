package envoy

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
)

// What the cases of the suite bring about is recorded under e2e/pure/recording for every Istio minor. The dumps under testdata are real
// ones of an Istio 1.31 mesh (eed52ebb66ad, Envoy 1.39, 2026-11-24) that no case does: services and entries of a namespace facts,
// cut down to it. Those of default-* are what an istiod of default flags had for the same proxies, by xDS, and hold no secrets: an
// Envoy of the lane source does not take them. vanilla-routes is of a client of the suite's own world, without what its filters do
// beside routing. server-rejected is of an Envoy that refused such a listener.
func load(t *testing.T, name string) *Dump {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(content))
}

func parse(t *testing.T, content string) *Dump {
	t.Helper()
	d, err := Parse(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestARealDumpLosesNothing(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dumps: %v", err)
	}
	for _, file := range files {
		if d := load(t, strings.TrimSuffix(filepath.Base(file), ".json")); len(d.Lost) > 0 || len(d.Warming) > 0 {
			t.Errorf("%s: lost %q, warming %q", file, d.Lost, d.Warming)
		}
	}
}

func TestBytesThatAreNoDumpAreRefusedWithThePlace(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"nothing":              {"", "near byte 0: unexpected EOF"},
		"a page":               {"FieldMask x could not be applied", "invalid character 'F'"},
		"an array":             {"[]", "[ where { should be"},
		"configs of no list":   {`{"configs": {}}`, "configs: { where [ should be"},
		"cut within a section": {`{"configs": [{"@type": "x"}, {"dynamic_`, "configs[1]: jsontext: unexpected EOF"},
		"cut before the end":   {`{"configs": [`, "unexpected EOF"},
		"two dumps":            {`{"configs": []}{}`, "more after the end"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(test.in))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestADumpCutShortIsUnexpectedEOF(t *testing.T) {
	content, err := os.ReadFile("testdata/vanilla-strict.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 20, len(content) / 2, len(content) - 3} {
		if _, err := Parse(bytes.NewReader(content[:size])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: got %v", size, err)
		}
	}
}

func TestAnEmptyAnswerIsAnEmptyDump(t *testing.T) {
	d := parse(t, `{}`)
	if _, err := d.Server(8080); !errors.Is(err, ErrAbsent) {
		t.Errorf("server: got %v, want ErrAbsent", err)
	}
	if _, err := d.Secret(RootSecret); !errors.Is(err, ErrAbsent) {
		t.Errorf("secret: got %v, want ErrAbsent", err)
	}
}

func TestWhatCannotBeReadIsNamedAndLosesItselfAlone(t *testing.T) {
	d := parse(t, `{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {}},
		{"@type": "type.googleapis.com/envoy.admin.v9.TimeTravelDump"},
		7,
		{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [
			{"cluster": {"name": 7}},
			{"cluster": {"name": "outbound|80||a"}}
		]},
		{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": [{"endpoint_config": {
			"cluster_name": "outbound|80||a", "endpoints": [{"lb_endpoints": [
				{"endpoint": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": "x"}}}},
				{"endpoint": {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}}}}
			]}]}}]}
	]}`)
	places := []string{"configs[1]", "configs[2]", "configs[3].dynamic_active_clusters[0]",
		"configs[4].dynamic_endpoint_configs[0] (outbound|80||a).endpoints[0].lb_endpoints[0]"}
	var got []string
	for _, lost := range d.Lost {
		place, _, _ := strings.Cut(lost, ": ")
		got = append(got, place)
	}
	if diff := cmp.Diff(places, got); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	if got := d.Endpoints("a", 80); len(got) != 1 || got[0].String() != "10.0.0.2:80" {
		t.Errorf("endpoints: got %v", got)
	}
}

func TestWarmingResourcesAreNamedAndNotInForce(t *testing.T) {
	d := parse(t, `{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
			{"name": "virtualInbound", "warming_state": {"listener": {"filter_chains": [{"name": "new"}]}}}]},
		{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
			"dynamic_active_clusters": [{"cluster": {"name": "outbound|80||a"}}],
			"dynamic_warming_clusters": [{"cluster": {"name": "outbound|80||a", "transport_socket": {"name": "new"}}}]},
		{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": [{"endpoint_config": {
			"cluster_name": "outbound|80||a", "endpoints": [{"lb_endpoints": [
				{"endpoint": {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}}}}]}]}}]},
		{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_warming_secrets": [{"name": "default"}]}
	]}`)
	if diff := cmp.Diff([]string{"listener virtualInbound", "cluster outbound|80||a", "secret default"}, d.Warming); diff != "" {
		t.Errorf("warming (-want +got):\n%s", diff)
	}
	if _, err := d.Server(80); !errors.Is(err, ErrAbsent) {
		t.Errorf("server: got %v, want ErrAbsent", err)
	}
	if _, err := d.Secret("default"); !errors.Is(err, ErrAbsent) {
		t.Errorf("secret: got %v, want ErrAbsent", err)
	}
	client, err := d.Client("a", 80, d.Endpoints("a", 80)[0])
	if err != nil || client.Socket != RawSocket || !client.Warming {
		t.Errorf("client: got %+v, %v", client, err)
	}
}

func TestARejectedUpdateIsNamedAndTheOlderOneStands(t *testing.T) {
	d := load(t, "server-rejected")
	if len(d.Rejected) != 1 || !strings.HasPrefix(d.Rejected[0], "listener virtualInbound: Didn't find a registered implementation for 'istio.alpn'") {
		t.Errorf("rejected: got %q", d.Rejected)
	}
	server, err := d.Server(8080)
	if err != nil || server.Istio.Says != "mtls" {
		t.Errorf("server: got %+v, %v", server.Istio, err)
	}
}

func TestAFilteredAnswerIsReadLikeAWholeOne(t *testing.T) {
	d := parse(t, `{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump.DynamicListener", "name": "virtualInbound",
			"active_state": {"listener": {"filter_chains": [{"name": "any"}]}}},
		{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster", "cluster": {"name": "outbound|80||a"}},
		{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump.DynamicEndpointConfig", "endpoint_config": {
			"cluster_name": "outbound|80||a", "endpoints": [{"lb_endpoints": [
				{"endpoint": {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}}}}]}]}},
		{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump.DynamicSecret", "name": "ROOTCA", "version_info": "2"}
	]}`)
	if len(d.Lost) > 0 {
		t.Errorf("lost %q", d.Lost)
	}
	if server, err := d.Server(80); err != nil || len(server.Chains) != 1 {
		t.Errorf("server: got %+v, %v", server, err)
	}
	if got := d.Endpoints("a", 80); len(got) != 1 {
		t.Errorf("endpoints: got %v", got)
	}
	if secret, err := d.Secret(RootSecret); err != nil || secret.Version != "2" {
		t.Errorf("secret: got %+v, %v", secret, err)
	}
}

func FuzzParse(f *testing.F) {
	content, err := os.ReadFile("testdata/vanilla-disable.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add([]byte(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [{"name": "virtualInbound", "active_state": {"listener": {"filter_chains": [{"filter_chain_match": {"destination_port": 80}, "transport_socket": {"typed_config": {"@type": "x"}}}]}}}]}]}`))
	f.Add([]byte(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": [{"route_config": {"name": "8080", "virtual_hosts": [{"domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 0}]}}}]}]}}]}]}`))
	f.Add([]byte(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [{"name": "default", "secret": {"tls_certificate": {"certificate_chain": {"inline_string": "-----BEGIN CERTIFICATE-----"}}}}]}]}`))
	f.Fuzz(func(_ *testing.T, content []byte) {
		d, err := Parse(bytes.NewReader(content))
		if err != nil {
			return
		}
		predictAll(d)
	})
}

// predictAll asks everything of a dump: each cluster against each listener's port, and probes.
func predictAll(d *Dump) {
	servers := []ServerFacts{WithoutProxy(80)}
	for _, port := range []uint16{0, 80, 8080} {
		for _, ask := range []func(uint16) (ServerFacts, error){d.Server, d.Gateway} {
			if server, err := ask(port); err == nil {
				servers = append(servers, server)
			}
		}
	}
	var clients []ClientFacts
	for name := range d.clusters {
		if client, err := d.Outbound(name, netip.AddrPort{}); err == nil {
			clients = append(clients, client)
		}
	}
	for name := range d.secrets {
		_, _ = d.Secret(name)
	}
	for name := range d.clusters {
		d.ClusterEndpoints(name)
	}
	d.GatewayRoutes().LeadingTo(hop.ServicePort{Service: product, Port: 8080})
	for _, address := range []netip.Addr{{}, productVIP, podAddress} {
		for _, speaks := range []Speech{SpeaksHTTP1, SpeaksNothing, SpeaksTLS} {
			_, _ = d.Routes(Destination{Host: product, Address: address, Port: 8080, Speaks: speaks})
		}
	}
	for _, server := range servers {
		server.Enforces()
		for _, speaks := range []Speech{SpeaksHTTP1, SpeaksHTTP2, SpeaksBytes, SpeaksNothing, SpeaksTLS} {
			a := Attempt{Speaks: speaks, Host: "a:80", At: noon, Behind: &servers[0]}
			PredictPlain(server, a)
			PredictProbe(Hello{SNI: "a.example.com", Credential: &Credential{}}, server, a)
			for _, client := range clients {
				Predict(client, server, a)
			}
		}
	}
}

func FuzzParseOfARealDump(f *testing.F) {
	// The dump is cut into what a fuzzer can change by halves: bytes are put in and left out at a place.
	content, err := os.ReadFile("testdata/vanilla-gateway.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint(100), uint(5), []byte("7"))
	f.Add(uint(2000), uint(0), []byte(`,"transport_socket":{}`))
	f.Fuzz(func(_ *testing.T, at, without uint, with []byte) {
		start := int(at % uint(len(content)))
		end := min(len(content), start+int(without%200))
		changed := slices.Concat(content[:start], with, content[end:])
		d, err := Parse(bytes.NewReader(changed))
		if err != nil {
			return
		}
		predictAll(d)
	})
}
