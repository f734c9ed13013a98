package runner

import (
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/seen"
)

func TestAnAnswerOverTheApplicationsTLSTellsTheServersCertificate(t *testing.T) {
	result := call.Result{ID: "1", Seen: &seen.Record{ID: "1"}, TLS: &seen.TLS{PeerNames: []string{"a.test"}, PeerSerial: "0a"}}
	for _, says := range []hop.Outcome{hop.Raw, hop.AppTLS} {
		got := answered(&hop.Observation{Source: hop.Client, Says: says}, result)
		if got.Says != hop.AppTLS || got.TLS == nil || got.TLS.Serial != "0a" || len(got.TLS.Names) != 1 {
			t.Errorf("%s: %+v", says, got)
		}
	}
	if got := answered(&hop.Observation{Source: hop.Client, Says: hop.MTLS, TLS: &hop.TLSFacts{Peer: "spiffe://a"}}, result); got.Says != hop.MTLS || got.TLS.Peer != "spiffe://a" || got.TLS.Serial != "" {
		t.Errorf("inside mTLS: %+v", got)
	}
}
