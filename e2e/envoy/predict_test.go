package envoy

import (
	"testing"

	"mtls.test/conformance/e2e/hop"
)

// Each pair was in force on a mesh. The outcome follows from the two dumps; for the pairs that live requests were sent
// over, it is also what they met.
func TestTwoRealConfigurationsTogetherDecideTheHop(t *testing.T) {
	tests := map[string]struct {
		client, server string
		port, workload uint16
		says           hop.Outcome
		refusal        hop.Refusal
	}{
		"default mesh":                   {"client-permissive", "server-permissive", 80, 8080, hop.MTLS, ""},
		"STRICT":                         {"client-permissive", "server-strict", 80, 8080, hop.MTLS, ""},
		"DISABLE at both":                {"client-disable", "server-disable", 80, 8080, hop.Plaintext, ""},
		"DISABLE for the port":           {"client-port-disable", "server-port-disable", 80, 8080, hop.Plaintext, ""},
		"a DISABLE rule, PERMISSIVE":     {"client-rule-disable", "server-permissive", 80, 8080, hop.Plaintext, ""},
		"a DISABLE rule, STRICT":         {"client-rule-disable", "server-strict", 80, 8080, hop.Refused, hop.NoFilterChain},
		"ISTIO_MUTUAL, DISABLE":          {"client-rule-mutual", "server-disable", 80, 8080, hop.Refused, hop.NotTLS},
		"SIMPLE, PERMISSIVE":             {"client-rule-simple", "server-permissive", 80, 8080, hop.Refused, hop.NoFilterChain},
		"SIMPLE, STRICT":                 {"client-rule-simple", "server-strict", 80, 8080, hop.Refused, hop.NoClientCertificate},
		"SIMPLE, PERMISSIVE, a TCP port": {"client-rule-simple", "server-permissive", 9000, 9000, hop.Refused, hop.NotTLS},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Predict(clientOf(t, test.client, test.port), serverOf(t, test.server, test.workload), Attempt{})
			if got.Says != test.says || got.Refusal != test.refusal || got.Why == "" {
				t.Errorf("got %+v, want %q %q", got, test.says, test.refusal)
			}
		})
	}
}

func TestMutualNeedsAServerThatVerifies(t *testing.T) {
	withCertificate := ClientFacts{Socket: TLSSocket, TLSContext: TLSContext{CertificateSecret: "default"}}
	without := ClientFacts{Socket: TLSSocket}
	chain := func(require bool, validation string) ServerFacts {
		return ServerFacts{Port: 80, DetectsTLS: true, Chains: []ChainFacts{{Socket: TLSSocket, RequireClientCertificate: require, TLSContext: TLSContext{ValidationSecret: validation}}}}
	}
	tests := map[string]struct {
		client ClientFacts
		server ServerFacts
		want   hop.Outcome
	}{
		"required and verified":  {withCertificate, chain(true, "ROOTCA"), hop.MTLS},
		"optional and verified":  {withCertificate, chain(false, "ROOTCA"), hop.MTLS},
		"never verified":         {withCertificate, chain(false, ""), hop.OneWayTLS},
		"optional and not there": {without, chain(false, "ROOTCA"), hop.OneWayTLS},
		"required and not there": {without, chain(true, "ROOTCA"), hop.Refused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Predict(test.client, test.server, Attempt{}); got.Says != test.want {
				t.Errorf("got %+v, want %q", got, test.want)
			}
		})
	}
}

func TestPlaintextAtAChainThatOnlyKnowsTLSIsNotServed(t *testing.T) {
	server := ServerFacts{Port: 80, Chains: []ChainFacts{{Name: "tls", Socket: TLSSocket}}}
	if got := PredictPlain(server, Attempt{}); got.Says != hop.Refused {
		t.Errorf("got %+v", got)
	}
}
