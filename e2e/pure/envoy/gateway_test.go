package envoy

import (
	"errors"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

func gatewayOf(t *testing.T, port uint16) ServerFacts {
	t.Helper()
	facts, err := load(t, "vanilla-gateway").Gateway(port)
	if err != nil {
		t.Fatal(err)
	}
	if facts.Undecided != "" || len(facts.Lost) > 0 {
		t.Fatalf("undecided %q, lost %q", facts.Undecided, facts.Lost)
	}
	return facts
}

func TestAPortOnWhichAGatewayDoesNotListenIsAbsent(t *testing.T) {
	if _, err := load(t, "vanilla-gateway").Gateway(9999); !errors.Is(err, ErrAbsent) {
		t.Errorf("got %v", err)
	}
}

func TestTheServerNameDecidesAtAGateway(t *testing.T) {
	at := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)
	mesh := &Credential{Identity: "spiffe://cluster.local/ns/clients/sa/plain-client", Trusted: true, NotBefore: at.Add(-time.Hour), NotAfter: at.Add(time.Hour)}
	foreign := &Credential{NotBefore: mesh.NotBefore, NotAfter: mesh.NotAfter}
	elsewhere := *mesh
	elsewhere.Identity = "spiffe://elsewhere/ns/clients/sa/plain-client"
	product := serverOf(t, "vanilla-strict", 8080)
	tunnel := "outbound_.8080_._." + recorded
	tests := map[string]struct {
		port    uint16
		probe   Hello
		says    hop.Outcome
		refusal hop.Refusal
	}{
		"SIMPLE":                                {8443, Hello{SNI: "simple.facts.test"}, hop.OneWayTLS, ""},
		"SIMPLE asks for no certificate":        {8443, Hello{SNI: "simple.facts.test", Credential: foreign}, hop.OneWayTLS, ""},
		"a name in capitals":                    {8443, Hello{SNI: "Simple.Facts.Test"}, hop.OneWayTLS, ""},
		"MUTUAL without a certificate":          {8443, Hello{SNI: "mutual.facts.test"}, hop.Refused, hop.NoClientCertificate},
		"MUTUAL with one of its authority":      {8443, Hello{SNI: "mutual.facts.test", Credential: mesh}, hop.MTLS, ""},
		"MUTUAL with a foreign one":             {8443, Hello{SNI: "mutual.facts.test", Credential: foreign}, hop.Refused, hop.UnknownCA},
		"a name of no server":                   {8443, Hello{SNI: "other.facts.test"}, hop.Refused, hop.NoFilterChain},
		"no name":                               {8443, Hello{}, hop.Refused, hop.NoFilterChain},
		"TLS 1.1":                               {8443, Hello{SNI: "simple.facts.test", TLSContext: TLSContext{MinTLS: "TLSv1_1", MaxTLS: "TLSv1_1"}}, hop.Refused, hop.ProtocolVersion},
		"ISTIO_MUTUAL":                          {8444, Hello{Credential: mesh}, hop.MTLS, ""},
		"ISTIO_MUTUAL takes any trust domain":   {8444, Hello{Credential: &elsewhere}, hop.MTLS, ""},
		"AUTO_PASSTHROUGH":                      {9443, Hello{SNI: tunnel, TLSContext: TLSContext{ALPN: []string{"istio"}}, Credential: mesh}, hop.MTLS, ""},
		"AUTO_PASSTHROUGH, the server's domain": {9443, Hello{SNI: tunnel, TLSContext: TLSContext{ALPN: []string{"istio"}}, Credential: &elsewhere}, hop.Refused, hop.WrongTrustDomain},
		"AUTO_PASSTHROUGH without ALPN":         {9443, Hello{SNI: tunnel, Credential: mesh}, hop.Refused, hop.NoFilterChain},
		"AUTO_PASSTHROUGH, another name":        {9443, Hello{SNI: "simple.facts.test", TLSContext: TLSContext{ALPN: []string{"istio"}}}, hop.Refused, hop.NoFilterChain},
		"AUTO_PASSTHROUGH, no pods": {9443, Hello{SNI: "outbound_.8080_._.nobody.facts.svc.cluster.local", TLSContext: TLSContext{ALPN: []string{"istio"}}},
			hop.Refused, hop.NoEndpoint},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := Attempt{Speaks: SpeaksHTTP1, At: at}
			if test.port == 9443 {
				a.Behind = &product
			}
			got := PredictProbe(test.probe, gatewayOf(t, test.port), a)
			if got.Says != test.says || got.Refusal != test.refusal {
				t.Errorf("got %+v, want %q %q", got, test.says, test.refusal)
			}
		})
	}
}

func TestAGatewayThatPassesOnToWhatIsNotGivenLeavesItUndecided(t *testing.T) {
	probe := Hello{SNI: "outbound_.8080_._." + recorded, TLSContext: TLSContext{ALPN: []string{"istio"}}}
	if got := PredictProbe(probe, gatewayOf(t, 9443), Attempt{}); got.Says != "" || got.Why == "" {
		t.Errorf("got %+v", got)
	}
}

func TestPlaintextAtAGatewaysTLSPortIsRefused(t *testing.T) {
	if got := PredictPlain(gatewayOf(t, 8443), Attempt{}); got.Refusal != hop.NoFilterChain {
		t.Errorf("servers with names: got %+v", got)
	}
	if got := PredictPlain(gatewayOf(t, 8444), Attempt{}); got.Says != hop.Refused {
		t.Errorf("a server without names: got %+v", got)
	}
}
