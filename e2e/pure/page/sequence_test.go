package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// told is a sequence, one line for each message.
func told(s *sequence) []string {
	if s == nil {
		return nil
	}
	var lines []string
	for _, m := range s.Messages {
		line := fmt.Sprintf("%s: %s", m.To, m.Name)
		for _, f := range m.Facts {
			line += fmt.Sprintf(" %s=%s", f.Name, f.Value)
		}
		if c := m.Certificate; c != nil {
			line += fmt.Sprintf(" %s %d%%", c.Identity, c.Over)
		}
		if m.Bad {
			line += " !"
		}
		lines = append(lines, line+" by "+string(m.By))
	}
	return lines
}

func TestTheSequenceIsWhatTheObserversSaw(t *testing.T) {
	const server, client = hop.Identity("spiffe://cluster.local/ns/default/sa/product-service"), hop.Identity("spiffe://cluster.local/ns/clients/sa/client")
	c := report.Case{Case: verdict.Case{Secrets: map[string]envoy.SecretFacts{
		"server": {Serial: "aa", Key: "RSA 2048", Issuer: "CN=mesh", NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(3 * time.Hour)},
	}}}
	for name, test := range map[string]struct {
		check verdict.Check
		want  []string
	}{
		"nothing was seen": {verdict.Check{}, nil},
		"mutual TLS": {verdict.Check{
			Config: verdict.Config{Secrets: verdict.ProxySecrets{ServerSerial: "aa", ClientSerial: "bb"}},
			Observers: verdict.Observers{
				Wire:        &hop.Observation{Source: hop.Wire, Says: hop.Encrypted, TLS: &hop.TLSFacts{SNI: "a.b", Offered: []string{"istio", "h2"}, Versions: []string{"TLSv1.3"}, Suites: []string{"X", "Y"}, Groups: []string{"X25519"}, Version: "TLSv1.3", Cipher: "X", Group: "X25519", Retried: true}, Packets: &hop.Packets{Reset: "client"}},
				Client:      &hop.Observation{Source: hop.Client, Says: hop.MTLS, TLS: &hop.TLSFacts{Peer: server}, Symptom: hop.Symptom{Status: 200, Code: "OK"}},
				Server:      &hop.Observation{Source: hop.Server, Says: hop.MTLS, TLS: &hop.TLSFacts{Version: "TLSv1.3", Peer: client, Serial: "bb"}},
				Application: &hop.Observation{Source: hop.Application, Says: hop.MTLS},
			},
		}, []string{
			"server: ClientHello SNI=a.b ALPN=istio, h2 versions=TLSv1.3 groups=X25519 cipher suites=2 by wire",
			"client: HelloRetryRequest by wire",
			"client: ServerHello version=TLSv1.3 cipher=X group=X25519 by wire",
			"client: Certificate " + string(server) + " 25% by client",
			"server: Certificate " + string(client) + " 0% by server",
			"server: request by application",
			"client: answer status=200 gRPC=OK by client",
			"aside: reset by the client by wire",
		}},
		"plaintext that a STRICT server refuses": {verdict.Check{Want: hop.Refused, Observers: verdict.Observers{
			Wire:        &hop.Observation{Source: hop.Wire, Says: hop.Plaintext},
			Client:      &hop.Observation{Source: hop.Client, Says: hop.Refused, Symptom: hop.Symptom{Flags: "UC"}},
			Server:      &hop.Observation{Source: hop.Server, Says: hop.Refused, Refusal: hop.NoFilterChain, Symptom: hop.Symptom{Flags: "NR"}},
			Application: &hop.Observation{Source: hop.Application, Says: hop.Absent},
		}}, []string{
			"server: request in the clear by wire",
			"aside: refused by the server's proxy cause=no-filter-chain flags=NR ! by server",
			"aside: no answer flags=UC ! by client",
		}},
		"the client's own proxy answers": {verdict.Check{Want: hop.Refused, Config: verdict.Config{Client: &envoy.ClientFacts{}}, Observers: verdict.Observers{
			Client: &hop.Observation{Source: hop.Client, Says: hop.Refused, Refusal: hop.NoCluster, Symptom: hop.Symptom{Status: 503, Flags: "NC"}},
		}}, []string{"aside: refused by the client's own proxy cause=no-cluster status=503 flags=NC ! by client"}},
		"the server's proxy answers": {verdict.Check{Want: hop.Refused, Config: verdict.Config{Client: &envoy.ClientFacts{}}, Observers: verdict.Observers{
			Client: &hop.Observation{Source: hop.Client, Says: hop.Refused, Symptom: hop.Symptom{Status: 403}},
			Server: &hop.Observation{Source: hop.Server, Says: hop.Refused, Symptom: hop.Symptom{Status: 403}},
		}}, []string{"aside: refused by the server's proxy status=403 ! by server", "client: refusal status=403 ! by client"}},
		"a kept connection that was cut": {verdict.Check{On: "held", Want: hop.Refused, Observers: verdict.Observers{
			Wire:   &hop.Observation{Source: hop.Wire, Says: hop.Plaintext},
			Client: &hop.Observation{Source: hop.Client, Says: hop.Refused, Symptom: hop.Symptom{Error: "the request left from elsewhere"}},
		}}, []string{
			"aside: a connection that was opened before, and kept as=held by wire",
			"aside: no answer error=the request left from elsewhere ! by client",
		}},
		"TLS without the client's certificate": {verdict.Check{Observers: verdict.Observers{
			Probe:  &hop.Observation{Source: hop.Probe, Says: hop.Refused, TLS: &hop.TLSFacts{Version: "TLSv1.2", Alert: "certificate_required", Names: []string{"shop.test"}, NotBefore: "2026-11-29T00:00:00Z", NotAfter: "2026-11-29T10:00:00Z"}},
			Server: &hop.Observation{Source: hop.Server, Says: hop.OneWayTLS, TLS: &hop.TLSFacts{Version: "TLSv1.2"}},
		}}, []string{
			"server: ClientHello SNI=none ALPN=none by probe",
			"client: ServerHello version=TLSv1.2 by probe",
			"client: Certificate shop.test 120% by probe",
			"server: no certificate of the client by server",
			"aside: alert certificate_required ! by probe",
			"aside: no answer ! by probe",
		}},
	} {
		test.check.SentAt = noon
		if got, want := strings.Join(told(sequenceOf(c, test.check)), "\n"), strings.Join(test.want, "\n"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// Years after its begin a certificate that is valid for ten is not out of its validity.
func TestALongValidityIsCounted(t *testing.T) {
	for years, want := range map[int]int{0: 0, 3: 30, 9: 90, 11: 110} {
		tls := hop.TLSFacts{NotBefore: noon.Format(time.RFC3339), NotAfter: noon.Add(87600 * time.Hour).Format(time.RFC3339)}
		if shown := certificateOf(report.Case{}, tls, "", noon.Add(time.Duration(years)*8760*time.Hour)); shown.Over != want {
			t.Errorf("after %d years %d %% are over, want %d", years, shown.Over, want)
		}
	}
	if shown := certificateOf(report.Case{}, hop.TLSFacts{NotAfter: noon.Format(time.RFC3339)}, "", time.Time{}); shown.Ends != "" {
		t.Errorf("at no known time %+v", shown)
	}
}

func TestAnExpiredCertificateIsNamed(t *testing.T) {
	for over, want := range map[int]string{-1: "not yet valid", 101: "expired", 40: "40 % of it over"} {
		piece, err := drawn("sequence", sequence{Messages: []message{{Certificate: &certificate{Ends: "then", Over: over}}}})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(piece), want) {
			t.Errorf("%d: no %q in %s", over, want, piece)
		}
	}
}
