package observe

import (
	"os"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/hop"
)

func TestCountersAreReadByTheirScope(t *testing.T) {
	for file, test := range map[string]struct {
		scope string
		want  Counters
	}{
		"inbound-listener": {InboundListener, Counters{Handshakes: 25, NoCertificate: 12, NotVerified: 45, WrongName: 10, OtherFailure: 36, NoFilterChain: 19}},
		"outbound-cluster": {OutboundCluster("outbound|8080||product-service.default.svc.cluster.local"), Counters{}},
	} {
		body, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseCounters(body, test.scope); err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v", file, got, err)
		}
		if _, err := parseCounters(body, GatewayListener(8443)); err == nil || !strings.Contains(err.Error(), "listener.0.0.0.0_8443.ssl.handshake") {
			t.Errorf("%s: another scope: %v", file, err)
		}
	}
	if _, err := parseCounters([]byte("no such path"), InboundListener); err == nil {
		t.Error("an answer that is no JSON was read")
	}
}

func TestTheGrowthOfCountersSaysWhatBecameOfOneAttempt(t *testing.T) {
	before := Counters{Handshakes: 7, NoCertificate: 2, NotVerified: 3, OtherFailure: 1}
	for name, test := range map[string]struct {
		grew           Counters
		server, client hop.Outcome
		atServer       hop.Refusal
		atClient       hop.Refusal
		moved          string
	}{
		"mTLS":                     {Counters{Handshakes: 1}, hop.MTLS, "", "", "", "ssl.handshake +1"},
		"TLS":                      {Counters{Handshakes: 1, WithoutCertificate: 1}, hop.OneWayTLS, "", "", "", "ssl.handshake +1, ssl.no_certificate +1"},
		"no client certificate":    {Counters{NoCertificate: 1}, hop.Refused, hop.Refused, hop.NoClientCertificate, hop.NoClientCertificate, "ssl.fail_verify_no_cert +1"},
		"not verified":             {Counters{NotVerified: 1}, hop.Refused, hop.Refused, "", "", "ssl.fail_verify_error +1"},
		"a name not asked for":     {Counters{WrongName: 1}, hop.Refused, hop.Refused, hop.WrongTrustDomain, hop.WrongSAN, "ssl.fail_verify_san +1"},
		"any other failure":        {Counters{OtherFailure: 1}, hop.Refused, hop.Refused, "", "", "ssl.connection_error +1"},
		"no filter chain":          {Counters{NoFilterChain: 1}, hop.Refused, hop.Refused, hop.NoFilterChain, hop.NoFilterChain, "no_filter_chain_match +1"},
		"refused after its end":    {Counters{Handshakes: 1, OtherFailure: 1}, "", hop.Refused, "", "", "ssl.handshake +1, ssl.connection_error +1"},
		"nothing":                  {Counters{}, "", "", "", "", ""},
		"two attempts":             {Counters{Handshakes: 2}, "", "", "", "", "ssl.handshake +2"},
		"two, one of them refused": {Counters{Handshakes: 1, NotVerified: 1}, "", "", "", "", "ssl.handshake +1, ssl.fail_verify_error +1"},
		"the counters began anew":  {Counters{Handshakes: -7}, "", "", "", "", "ssl.handshake -7"},
	} {
		t.Run(name, func(t *testing.T) {
			after := before
			for i, counter := range after.counters() {
				*counter.value += *test.grew.counters()[i].value
			}
			grown := after.Since(before)
			atServer, atClient := grown.Server(server, "r-1"), grown.Client(server, "r-1")
			if atServer.Says != test.server || atServer.Refusal != test.atServer || (atServer.Says == "") != (atServer.Missing != "") {
				t.Errorf("server: %+v", atServer)
			}
			if atClient.Says != test.client || atClient.Refusal != test.atClient || (atClient.Says == "") != (atClient.Missing != "") {
				t.Errorf("client: %+v", atClient)
			}
			if atServer.Source != hop.Stats || atServer.ID != "r-1" || atServer.Symptom.Details != test.moved || atClient.Symptom.Details != test.moved {
				t.Errorf("moved %q and %q", atServer.Symptom.Details, atClient.Symptom.Details)
			}
		})
	}
}
