package envoy_test

import (
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/recording"
)

func TestWhatARecordedPortEnforcesFollowsItsMode(t *testing.T) {
	const takes, refuses = envoy.Takes, envoy.Refuses
	for name, test := range map[string]struct {
		situation                              string
		port                                   uint16
		plaintext, mtls, bareTLS, noCertficate envoy.Enforced
	}{
		"PERMISSIVE, HTTP": {"default-mesh", 8080, takes, takes, refuses, refuses},
		"PERMISSIVE, gRPC": {"default-mesh", 50051, takes, takes, refuses, refuses},
		"STRICT, HTTP":     {"mesh-strict", 8080, refuses, takes, takes, refuses},
		"STRICT, TCP":      {"inbound-tcp-strict", 9000, refuses, takes, takes, refuses},
		"DISABLE, HTTP":    {"mutual-against-disable", 8080, takes, refuses, refuses, refuses},
		"DISABLE, TCP":     {"mutual-against-disable", 9000, takes, refuses, refuses, refuses},
	} {
		t.Run(name, func(t *testing.T) {
			eachMinor(t, func(t *testing.T, minor recording.Minor) {
				server, err := recordedDump(t, minor, test.situation, "product-service").Server(test.port)
				if err != nil {
					t.Fatal(err)
				}
				got := server.Enforces()
				for what, pair := range map[string]struct {
					got  envoy.EnforcedBy
					want envoy.Enforced
				}{
					"plaintext": {got.Plaintext, test.plaintext}, "mTLS": {got.MTLS, test.mtls},
					"mTLS without Istio's ALPN": {got.BareTLS, test.bareTLS}, "TLS without a certificate": {got.NoCertificate, test.noCertficate},
				} {
					if pair.got.Says != pair.want || pair.got.Why == "" {
						t.Errorf("%s: got %+v, want %s", what, pair.got, pair.want)
					}
				}
			})
		})
	}
}

func TestAChainForPlaintextBesideStrictOnesIsEnforcedAsTaken(t *testing.T) {
	eachMinor(t, func(t *testing.T, minor recording.Minor) {
		server, err := recordedDump(t, minor, "mesh-strict", "product-service").Server(8080)
		if err != nil {
			t.Fatal(err)
		}
		server.Chains = append(server.Chains, envoy.ChainFacts{Name: "added", TransportProtocol: envoy.RawSocket, Socket: envoy.RawSocket, HTTP: true})
		if got := server.Enforces(); got.Plaintext.Says != envoy.Takes || got.MTLS.Says != envoy.Takes {
			t.Errorf("got %+v", got)
		}
	})
}

func TestWhatCannotBeDecidedIsNeitherTakenNorRefused(t *testing.T) {
	got := envoy.ServerFacts{Undecided: "a chain also matches by source"}.Enforces()
	for _, one := range []envoy.EnforcedBy{got.Plaintext, got.MTLS, got.BareTLS, got.NoCertificate} {
		if one.Says != "" || one.Why != "a chain also matches by source" {
			t.Errorf("got %+v", one)
		}
	}
}
