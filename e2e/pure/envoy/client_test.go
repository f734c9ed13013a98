package envoy

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestAnAbsentEndpointIsNamedWithThoseThatAre(t *testing.T) {
	_, err := load(t, "vanilla-client").Client(recorded, 8080, netip.MustParseAddrPort("192.0.2.1:80"))
	if !errors.Is(err, ErrAbsent) || !strings.Contains(err.Error(), "192.0.2.1:80: not in the configuration dump: it has [10.244.") {
		t.Errorf("got %v", err)
	}
}

func TestAClusterThatTheProxyLacksIsAFact(t *testing.T) {
	got, err := load(t, "vanilla-client").Client("nobody", 80, netip.AddrPort{})
	if err != nil || got.Refusal != hop.NoCluster {
		t.Fatalf("got %+v, %v", got, err)
	}
	if p := Predict(got, ServerFacts{}, Attempt{}); p.Says != hop.Refused || p.Refusal != hop.NoCluster {
		t.Errorf("got %+v", p)
	}
}

// socketDump is a cluster of two matches, tls then a catch-all raw one, with one endpoint.
func socketDump(t *testing.T, typedConfig, endpointMetadata, localityMetadata string) *Dump {
	t.Helper()
	return parse(t, `{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": {
			"name": "outbound|80||a",
			"filters": [{"typed_config": {"@type": "type.googleapis.com/unknown.Filter"}}],
			"transport_socket_matches": [
				{"name": "labelled", "match": {"tlsMode": "istio"}, "transport_socket": {"name": "s", "typed_config": `+typedConfig+`}},
				{"name": "rest", "match": {}}
			]}}]},
		{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": [{"endpoint_config": {
			"cluster_name": "outbound|80||a", "endpoints": [{"metadata": `+localityMetadata+`, "lb_endpoints": [
				{"endpoint": {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}}}, "metadata": `+endpointMetadata+`}]}]}}]}
	]}`)
}

const (
	istioLabels = `{"filter_metadata": {"envoy.transport_socket_match": {"tlsMode": "istio", "other": "x"}}}`
	noLabels    = `{}`
	someTLS     = `{"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"}`
)

func TestTheFirstMatchWhoseLabelsTheEndpointCarriesWins(t *testing.T) {
	tests := map[string]struct{ endpoint, locality, want string }{
		"all labels":    {istioLabels, noLabels, "labelled"},
		"no labels":     {noLabels, noLabels, "rest"},
		"another value": {strings.Replace(istioLabels, "istio", "no", 1), noLabels, "rest"},
		"the locality's, hidden by a match for all": {noLabels, istioLabels, "rest"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := socketDump(t, someTLS, test.endpoint, test.locality).Client("a", 80, netip.AddrPort{})
			if err != nil || got.Match != test.want {
				t.Errorf("got %q, %v; want %q", got.Match, err, test.want)
			}
		})
	}
}

func TestASocketOfAnUnknownTypeIsLostAndNotTakenForPlaintext(t *testing.T) {
	tests := map[string]struct{ typed, socket string }{
		"unknown type":   {`{"@type": "type.googleapis.com/envoy.future.Socket"}`, "envoy.future.Socket"},
		"unknown inside": {strings.Replace(someTLS, "}", `, "common_tls_context": {"custom_handshaker": {"name": "x", "typed_config": {"@type": "type.googleapis.com/no.Such"}}}}`, 1), upstreamTLS},
		"no type":        {`{}`, "s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := socketDump(t, test.typed, istioLabels, noLabels).Client("a", 80, netip.AddrPort{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Says != "" || got.Socket != test.socket || len(got.Lost) != 1 {
				t.Errorf("got says %q, socket %q, lost %q", got.Says, got.Socket, got.Lost)
			}
			if p := Predict(got, ServerFacts{}, Attempt{}); p.Says != "" || p.Why == "" {
				t.Errorf("prediction: got %+v", p)
			}
		})
	}
}

func TestASocketPickedByAMatcherTreeIsLostAndNotGuessed(t *testing.T) {
	d := parse(t, `{"configs": [
		{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster", "cluster": {"name": "outbound|80||a", "transport_socket_matcher": {}}},
		{"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump.DynamicEndpointConfig", "endpoint_config": {
			"cluster_name": "outbound|80||a", "endpoints": [{"lb_endpoints": [
				{"endpoint": {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}}}}]}]}}]}`)
	got, err := d.Client("a", 80, netip.AddrPort{})
	if err != nil || got.Says != "" || len(got.Lost) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestACertificateThatTheConfigurationHoldsItselfIsNamedSo(t *testing.T) {
	typed := strings.Replace(someTLS, "}", `, "common_tls_context": {
		"tls_certificates": [{"certificate_chain": {"filename": "/etc/certs/cert.pem"}}],
		"validation_context": {"trusted_ca": {"filename": "/etc/certs/root.pem"}, "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"suffix": ".example.com"}}]}}}`, 1)
	got, err := socketDump(t, typed, istioLabels, noLabels).Client("a", 80, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	want := TLSContext{CertificateSecret: inline, ValidationSecret: inline, SANs: []string{"suffix:.example.com"}}
	if diff := cmp.Diff(want, got.TLSContext); diff != "" || got.Says != hop.MTLS {
		t.Errorf("says %q (-want +got):\n%s", got.Says, diff)
	}
}
