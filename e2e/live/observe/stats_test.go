package observe

import (
	"os"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestCountersAreReadByTheirScope(t *testing.T) {
	body, err := os.ReadFile("testdata/inbound-listener.json")
	if err != nil {
		t.Fatal(err)
	}
	want := Counters{Handshakes: 25, NoCertificate: 12, NotVerified: 45, WrongName: 10, OtherFailure: 36, NoFilterChain: 19}
	if got, err := parseCounters(body, InboundListener); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseCounters(body, GatewayListener(8443)); err == nil || !strings.Contains(err.Error(), "listener.0.0.0.0_8443.ssl.handshake") {
		t.Errorf("another listener: %v", err)
	}
	if _, err := parseCounters([]byte("no such path"), InboundListener); err == nil {
		t.Error("an answer that is no JSON was read")
	}
}

func TestTheGrowthOfCountersSaysWhatBecameOfOneAttempt(t *testing.T) {
	before := Counters{Handshakes: 7, NoCertificate: 2, NotVerified: 3, OtherFailure: 1}
	for name, test := range map[string]struct {
		grew    Counters
		says    hop.Outcome
		refusal hop.Refusal
		moved   string
	}{
		"mTLS":                     {Counters{Handshakes: 1}, hop.MTLS, "", "ssl.handshake +1"},
		"TLS":                      {Counters{Handshakes: 1, WithoutCertificate: 1}, hop.OneWayTLS, "", "ssl.handshake +1, ssl.no_certificate +1"},
		"no client certificate":    {Counters{NoCertificate: 1}, hop.Refused, hop.NoClientCertificate, "ssl.fail_verify_no_cert +1"},
		"not verified":             {Counters{NotVerified: 1}, hop.Refused, "", "ssl.fail_verify_error +1"},
		"a name not asked for":     {Counters{WrongName: 1}, hop.Refused, hop.WrongTrustDomain, "ssl.fail_verify_san +1"},
		"any other failure":        {Counters{OtherFailure: 1}, hop.Refused, "", "ssl.connection_error +1"},
		"no filter chain":          {Counters{NoFilterChain: 1}, hop.Refused, hop.NoFilterChain, "no_filter_chain_match +1"},
		"refused after its end":    {Counters{Handshakes: 1, OtherFailure: 1}, "", "", "ssl.handshake +1, ssl.connection_error +1"},
		"nothing":                  {Counters{}, "", "", ""},
		"two attempts":             {Counters{Handshakes: 2}, "", "", "ssl.handshake +2"},
		"two, one of them refused": {Counters{Handshakes: 1, NotVerified: 1}, "", "", "ssl.handshake +1, ssl.fail_verify_error +1"},
		"the counters began anew":  {Counters{Handshakes: -7}, "", "", "ssl.handshake -7"},
	} {
		t.Run(name, func(t *testing.T) {
			after := before
			for i, counter := range after.counters() {
				*counter.value += *test.grew.counters()[i].value
			}
			got := after.Since(before).Server(server, "r-1")
			if got.Says != test.says || got.Refusal != test.refusal || (got.Says == "") != (got.Missing != "") {
				t.Errorf("got %+v", got)
			}
			if got.Source != hop.Stats || got.ID != "r-1" || got.Symptom.Details != test.moved {
				t.Errorf("source %s, id %s, moved %q", got.Source, got.ID, got.Symptom.Details)
			}
		})
	}
}

func TestASentinelIsNoAttempt(t *testing.T) {
	grown := Counters{NoCertificate: 1, NoFilterChain: 1}.Since(Counters{}).WithoutSentinel()
	if got := grown.Server(server, "r-1"); got.Refusal != hop.NoClientCertificate {
		t.Errorf("got %+v", got)
	}
}
