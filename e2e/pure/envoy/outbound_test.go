package envoy

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// What an istiod sends a sidecar for each kind of cluster, by both profiles.
func TestEveryKindOfClusterIsReadForWhatItDoes(t *testing.T) {
	tests := map[string]struct {
		cluster, kind, match string
		says                 hop.Outcome
		refusal              hop.Refusal
	}{
		"a service":                        {ClusterName(recorded, 8080), "EDS", "tlsMode-istio", hop.MTLS, ""},
		"a subset":                         {SubsetName(recorded, 8080, "v1"), "EDS", "tlsMode-istio", hop.MTLS, ""},
		"a subset whose rule says DISABLE": {SubsetName(recorded, 8080, "plain"), "EDS", "", hop.Plaintext, ""},
		"a subset without pods":            {SubsetName(recorded, 8080, "naked"), "EDS", "", "", hop.NoEndpoint},
		"a subset that no rule names":      {SubsetName(recorded, 8080, "v9"), "", "", "", hop.NoCluster},
		"a service without pods":           {ClusterName("nobody.facts.svc.cluster.local", 8080), "EDS", "", "", hop.NoEndpoint},
		"a headless service":               {ClusterName("product-service-headless.facts.svc.cluster.local", 8080), "ORIGINAL_DST", "", hop.MTLS, ""},
		"a headless service, tcp":          {ClusterName("product-service-headless.facts.svc.cluster.local", 9000), "ORIGINAL_DST", "", hop.MTLS, ""},
		"an alias, which has none":         {ClusterName("product-service-alias.facts.svc.cluster.local", 8080), "", "", "", hop.NoCluster},
		"an entry outside the mesh":        {ClusterName("external.facts.test", 8080), "STRICT_DNS", "", hop.Plaintext, ""},
		"an entry inside the mesh":         {ClusterName("internal.facts.test", 8080), "STRICT_DNS", "tlsMode-istio", hop.MTLS, ""},
		"an entry with a SIMPLE rule":      {ClusterName("simple.facts.test", 8080), "STRICT_DNS", "", hop.OneWayTLS, ""},
		"what is in no service":            {PassthroughCluster, "ORIGINAL_DST", "", hop.Plaintext, ""},
	}
	for _, profile := range []string{"vanilla", "default"} {
		dump := load(t, profile+"-client")
		for name, test := range tests {
			t.Run(profile+", "+name, func(t *testing.T) {
				got, err := dump.Outbound(test.cluster, netip.AddrPort{})
				if err != nil {
					t.Fatal(err)
				}
				if got.Type != test.kind || got.Match != test.match || got.Says != test.says || got.Refusal != test.refusal || len(got.Lost) > 0 {
					t.Errorf("got type %q, match %q, says %q, refusal %q, lost %q", got.Type, got.Match, got.Says, got.Refusal, got.Lost)
				}
			})
		}
	}
}

// A proxy may be asked for the listeners of some ports alone.
func TestWhatIsInNoServiceIsTheSameWhateverListenersAreRead(t *testing.T) {
	whole := load(t, "vanilla-client")
	part := load(t, "vanilla-client")
	maps.DeleteFunc(part.listeners, func(name string, _ listener) bool { return name != virtualOutbound })
	part.bytesOnly = map[string]bool{}
	part.readOutbound()
	for _, cluster := range []string{PassthroughCluster, BlackHoleCluster} {
		of, err := whole.Outbound(cluster, netip.AddrPort{})
		ofPart, failed := part.Outbound(cluster, netip.AddrPort{})
		if err != nil || failed != nil || of.BytesOnly != ofPart.BytesOnly {
			t.Errorf("%s: %+v, %+v, %v, %v", cluster, of, ofPart, err, failed)
		}
	}
}

func TestAnEndpointThatIsAHostNameStandsForAnyAddress(t *testing.T) {
	pod := netip.MustParseAddrPort("10.244.0.9:8080")
	resolved, err := load(t, "vanilla-client").Client("internal.facts.test", 8080, pod)
	if err != nil || resolved.Endpoint.Addr() != netip.MustParseAddr("10.96.50.160") || resolved.Name != recorded+":8080" {
		t.Errorf("as resolved: got %v %q, %v", resolved.Endpoint, resolved.Name, err)
	}
	configured, err := load(t, "default-client").Client("internal.facts.test", 8080, pod)
	if err != nil || configured.Endpoint.IsValid() || configured.Name != recorded+":8080" {
		t.Errorf("as configured: got %v %q, %v", configured.Endpoint, configured.Name, err)
	}
	if resolved.SNI != "outbound_.8080_._.internal.facts.test" || len(resolved.SANs) > 0 || !resolved.VerifiesPeer() {
		t.Errorf("got SNI %q, SANs %v", resolved.SNI, resolved.SANs)
	}
}

// twoEndpoints is a cluster of one endpoint that takes Istio's mTLS and one with the labels given.
func twoEndpoints(t *testing.T, labels string) *Dump {
	t.Helper()
	one := func(address, metadata string) string {
		return `{"endpoint": {"address": {"socket_address": {"address": "` + address + `", "port_value": 80}}}, "metadata": ` + metadata + `}`
	}
	return parse(t, `{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": {"name": "outbound|80||a", "type": "EDS",
			"transport_socket_matches": [
				{"name": "tlsMode-istio", "match": {"tlsMode": "istio"}, "transport_socket": {"name": "s", "typed_config": `+someTLS+`}},
				{"name": "tlsMode-disabled", "match": {}}
			]}}]},
		{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": [{"endpoint_config": {
			"cluster_name": "outbound|80||a", "endpoints": [{"lb_endpoints": [`+one("10.0.0.2", istioLabels)+`,`+one("10.0.0.3", labels)+`]}]}}]}
	]}`)
}

func TestOfSeveralEndpointsTheOneThatIsAskedForDecides(t *testing.T) {
	d := twoEndpoints(t, noLabels)
	for address, match := range map[string]string{"10.0.0.2:80": "tlsMode-istio", "10.0.0.3:80": "tlsMode-disabled"} {
		got, err := d.Client("a", 80, netip.MustParseAddrPort(address))
		if err != nil || got.Match != match || got.Endpoint.String() != address {
			t.Errorf("%s: got %q at %v, %v", address, got.Match, got.Endpoint, err)
		}
	}
	if _, err := d.Client("a", 80, netip.AddrPort{}); !errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), "one must be named") {
		t.Errorf("none named: got %v", err)
	}
	got, err := twoEndpoints(t, istioLabels).Client("a", 80, netip.AddrPort{})
	if err != nil || got.Match != "tlsMode-istio" || got.Endpoint.IsValid() {
		t.Errorf("all alike: got %+v, %v", got, err)
	}
}

func TestTheFilterIstioALPNChangesWhatAClientOffers(t *testing.T) {
	tests := []struct {
		profile string
		port    uint16
		speaks  Speech
		want    []string
	}{
		{"vanilla", 8080, SpeaksHTTP1, []string{"istio"}},
		{"vanilla", 50051, SpeaksHTTP2, []string{"istio", "h2"}},
		{"vanilla", 9000, SpeaksBytes, []string{"istio"}},
		{"default", 8080, SpeaksHTTP1, []string{"istio-http/1.1", "istio", "http/1.1"}},
		{"default", 50051, SpeaksHTTP2, []string{"istio-h2", "istio", "h2"}},
		{"default", 50051, SpeaksHTTP1, []string{"istio-h2", "istio", "h2"}},
		{"default", 9000, SpeaksBytes, []string{"istio-peer-exchange", "istio"}},
		// HTTP through a port declared tcp stays bytes.
		{"default", 9000, SpeaksHTTP1, []string{"istio-peer-exchange", "istio"}},
		{"default", 9080, SpeaksHTTP1, []string{"istio-http/1.1", "istio", "http/1.1"}},
		{"default", 9080, SpeaksHTTP2, []string{"istio-h2", "istio", "h2"}},
		{"default", 9080, SpeaksBytes, []string{"istio-peer-exchange", "istio"}},
	}
	for _, test := range tests {
		client := clientOfRecorded(t, test.profile+"-client", test.port)
		if got := client.Offered(test.speaks); !slices.Equal(got, test.want) {
			t.Errorf("%s, port %d, %s: got %v, want %v (upstream %q)", test.profile, test.port, test.speaks, got, test.want, client.Upstream)
		}
		if client.Override != nil && client.Override.Verified {
			t.Errorf("%s, port %d: no run on Istio's own proxy has shown %v", test.profile, test.port, client.Override)
		}
	}
}

func TestAUsersOwnTLSKeepsItsALPNAndTakesItsNameFromTheRequest(t *testing.T) {
	for _, profile := range []string{"vanilla", "default"} {
		client, err := load(t, profile+"-client").Client("simple.facts.test", 8080, netip.AddrPort{})
		if err != nil {
			t.Fatal(err)
		}
		if client.Override != nil || !client.AutoSNI || !client.AutoSAN || client.SNI != "" || client.ValidationSecret != "file-root:system" {
			t.Errorf("%s: got %+v", profile, client)
		}
		hello := client.hello(Attempt{Host: "simple.facts.test:8080"})
		if hello.SNI != "simple.facts.test" || !slices.Equal(hello.SANs, []string{"exact:simple.facts.test"}) {
			t.Errorf("%s: got SNI %q, SANs %v", profile, hello.SNI, hello.SANs)
		}
		if hello := client.hello(Attempt{Host: "10.0.0.1:8080"}); hello.SNI != "" {
			t.Errorf("%s: an address is no server name, got %q", profile, hello.SNI)
		}
	}
}

func TestTheSystemsRootsHaveNotSignedTheMesh(t *testing.T) {
	client, err := load(t, "vanilla-client").Client("simple.facts.test", 8080, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	got := Predict(client, serverOf(t, "vanilla-strict", 8080), Attempt{Host: "simple.facts.test"})
	if got.Refusal != hop.UnknownServerCA {
		t.Errorf("got %+v", got)
	}
}

func TestAServerWithoutProxyTakesPlaintextAndNoTLSUnlessItSpeaksIt(t *testing.T) {
	bare := WithoutProxy(8080)
	own := &ServerEnd{TLSContext: TLSContext{CertificateSecret: inline}}
	tests := map[string]struct {
		client  ClientFacts
		attempt Attempt
		says    hop.Outcome
		refusal hop.Refusal
	}{
		"plaintext":                       {ClientFacts{Socket: RawSocket}, Attempt{}, hop.Plaintext, ""},
		"a server that speaks first":      {ClientFacts{Socket: RawSocket}, Attempt{Speaks: SpeaksNothing}, hop.Plaintext, ""},
		"Istio's mTLS":                    {istioClient, Attempt{}, hop.Refused, hop.NotTLS},
		"a client's TLS at a TLS server":  {ClientFacts{Socket: TLSSocket}, Attempt{Serves: own}, hop.OneWayTLS, ""},
		"the application's own TLS":       {ClientFacts{Socket: RawSocket}, Attempt{Speaks: SpeaksTLS, Serves: own}, hop.AppTLS, ""},
		"Istio's ALPN at an HTTPS server": {istioClient, Attempt{Serves: &ServerEnd{TLSContext: TLSContext{ALPN: []string{"h2", "http/1.1"}}}}, hop.Refused, ""},
		"plaintext at a TLS server":       {ClientFacts{Socket: RawSocket}, Attempt{Serves: own}, hop.Refused, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Predict(test.client, bare, test.attempt)
			if got.Says != test.says || got.Refusal != test.refusal || got.Chain != "" {
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := PredictPlain(bare, Attempt{Speaks: SpeaksTLS, Serves: own}); got.Says != hop.OneWayTLS {
		t.Errorf("without any proxy: got %+v", got)
	}
}

// A chain in the clear that reads HTTP refuses TLS; one that does not passes it on.
func TestTLSAtAChainInTheClear(t *testing.T) {
	for http, want := range map[bool]hop.Refusal{true: hop.NotTLS, false: ""} {
		server := ServerFacts{Port: 8080, Chains: []ChainFacts{{Name: "clear", Socket: RawSocket, HTTP: http}}}
		own := &ServerEnd{TLSContext: TLSContext{CertificateSecret: inline}}
		if got := PredictProbe(Hello{}, server, Attempt{Serves: own}); got.Refusal != want {
			t.Errorf("HTTP %t: got %+v, want %q", http, got, want)
		}
	}
}
