package verify

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

const objects = `
{kind: Service, metadata: {name: product-service, namespace: facts}, spec: {selector: {app: product-service}, ports: [{name: http, port: 8080, appProtocol: http}, {name: grpc, port: 50051, appProtocol: grpc}]}}
---
{kind: Pod, metadata: {name: server, namespace: facts, labels: {app: product-service}}, spec: {serviceAccountName: product-service, containers: [{name: app}, {name: istio-proxy}]}}
`

func verificationOf(t *testing.T) *Verification {
	t.Helper()
	s, err := survey.Read([]byte(objects))
	if err != nil {
		t.Fatal(err)
	}
	service, err := s.Snapshot.Host("product-service", "facts")
	if err != nil {
		t.Fatal(err)
	}
	return &Verification{Survey: s, Service: service}
}

// The TLS context of a recorded proxy is the guide's, and one that was tampered with is not.
func TestFields(t *testing.T) {
	v := verificationOf(t)
	for _, row := range []struct {
		port      uint16
		tamper    func(*envoy.ClientFacts)
		differing string
	}{
		{8080, func(*envoy.ClientFacts) {}, ""},
		{50051, func(*envoy.ClientFacts) {}, ""},
		{50051, func(f *envoy.ClientFacts) { f.ALPN = []string{"istio"} }, "alpn_protocols"},
		{8080, func(f *envoy.ClientFacts) { f.ALPN = []string{"h2"} }, "alpn_protocols"},
		{8080, func(f *envoy.ClientFacts) { f.CertificateSecret = "other" }, "tls_certificate_sds_secret_configs"},
		{8080, func(f *envoy.ClientFacts) { f.ValidationSecret = "" }, "validation_context_sds_secret_config"},
		{8080, func(f *envoy.ClientFacts) { f.SNI = "other" }, "sni"},
		{8080, func(f *envoy.ClientFacts) { f.SANs = nil }, "match_subject_alt_names"},
		{8080, func(f *envoy.ClientFacts) { f.Socket = envoy.RawSocket }, "transport_socket"},
	} {
		file, err := os.Open("../../../pure/envoy/testdata/vanilla-client.json")
		if err != nil {
			t.Fatal(err)
		}
		dump, err := envoy.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := dump.Client(v.Service.Name, row.port, netip.AddrPort{})
		if err != nil {
			t.Fatal(err)
		}
		// The recorded cluster is older than its pods, and asks for no name yet.
		facts.SANs = []string{"exact:spiffe://cluster.local/ns/facts/sa/product-service"}
		row.tamper(&facts)
		var differing []string
		for _, port := range v.Service.Ports {
			if port.Number != row.port {
				continue
			}
			for _, field := range v.fields(facts, port) {
				if !field.as {
					differing = append(differing, field.name)
				}
			}
		}
		if got := strings.Join(differing, " "); got != row.differing {
			t.Errorf("port %d: %q differ, want %q", row.port, got, row.differing)
		}
	}
}

// A verification ends where the guide's flowchart does.
func TestEnds(t *testing.T) {
	v := verificationOf(t)
	at := func(says ...hop.Outcome) tlscheck.Host {
		var hops []tlscheck.Hop
		for i, one := range says {
			hops = append(hops, tlscheck.Hop{Client: "facts/client", Port: uint16(i + 1), Asked: oracle.Answer{Says: one, Why: "because"}})
		}
		return tlscheck.Of(v.Service.Name, hops)
	}
	for _, row := range []struct {
		host tlscheck.Host
		end  oracle.End
		says string
	}{
		{at(hop.MTLS, hop.MTLS), oracle.Enabled, "mTLS is active"},
		{at(hop.MTLS, hop.Plaintext), oracle.Disabled, "mTLS is inactive: because"},
		{at(hop.Plaintext, hop.Refused), oracle.Debug, "error (CONFLICT)"},
		{at(hop.MTLS, ""), oracle.Debug, "error (UNKNOWN)"},
		{at(), oracle.Debug, "no client has a hop"},
	} {
		end := v.conclude(&answers{host: row.host})
		if end.End != row.end || !strings.Contains(end.Says, row.says) || (end.End != oracle.Enabled) != (len(end.Do) > 0) {
			t.Errorf("%+v, want %s %q", end, row.end, row.says)
		}
	}
}

func TestOfServer(t *testing.T) {
	for mode, mark := range map[oracle.Mode]Mark{oracle.Strict: Good, oracle.Permissive: Note, oracle.Disable: Warn} {
		if got, says := ofServer(oracle.Server{Mode: mode}, "none here"); got != mark || !strings.Contains(says, "none here") {
			t.Errorf("%s: %s %s", mode, got, says)
		}
	}
}
