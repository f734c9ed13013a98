package envoy

import (
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

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
