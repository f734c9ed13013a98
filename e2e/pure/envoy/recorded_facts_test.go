package envoy_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/recording"
)

const product = "product-service.default.svc.cluster.local"

// eachMinor calls for every recorded minor.
func eachMinor(t *testing.T, work func(t *testing.T, minor recording.Minor)) {
	t.Helper()
	minors, err := recording.Load(os.DirFS("../recording/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		t.Run(minor.Name, func(t *testing.T) { work(t, minor) })
	}
}

// recordedDump is what a proxy had in force in a situation.
func recordedDump(t *testing.T, minor recording.Minor, situation, proxy string) *envoy.Dump {
	t.Helper()
	i := slices.IndexFunc(minor.Situations, func(s recording.Situation) bool { return s.Case == situation })
	dump, err := minor.Dump(minor.Situations[i], proxy)
	if err != nil {
		t.Fatal(err)
	}
	return dump
}

// address is that of product-service's pod, at a port.
func address(t *testing.T, minor recording.Minor, situation string, port uint16) recording.Attempt {
	t.Helper()
	for _, s := range minor.Situations {
		for _, a := range s.Attempts {
			if s.Case == situation && a.Server == "product-service" && a.Address.Port() == port {
				return a
			}
		}
	}
	t.Fatalf("nothing is recorded of port %d in %s", port, situation)
	return recording.Attempt{}
}

func TestARecordedClientOfAutoMTLSIsReadWithAllItsParameters(t *testing.T) {
	eachMinor(t, func(t *testing.T, minor recording.Minor) {
		to := address(t, minor, "default-mesh", 50051).Address
		want := envoy.ClientFacts{
			Cluster:  "outbound|50051||" + product,
			Type:     "EDS",
			Endpoint: to,
			Match:    "tlsMode-istio",
			Socket:   envoy.TLSSocket,
			SNI:      "outbound_.50051_._." + product,
			TLSContext: envoy.TLSContext{
				ALPN:              []string{"istio", "h2"},
				CertificateSecret: "default",
				ValidationSecret:  "ROOTCA",
				SANs:              []string{"exact:spiffe://cluster.local/ns/default/sa/product-service"},
				MinTLS:            "TLSv1_2",
				MaxTLS:            "TLSv1_3",
			},
			Upstream:    envoy.HTTP2,
			MaxRequests: 1, // fixtures/base/one-request-per-connection.yaml
			Says:        hop.MTLS,
		}
		got, err := recordedDump(t, minor, "default-mesh", "client").Client(product, 50051, to)
		if err != nil {
			t.Fatal(err)
		}
		// The filter of Istio's own proxies is known by the profile of the run.
		ignored := cmpopts.IgnoreFields(envoy.ClientFacts{}, "Updated", "Override", "TLSContext.Certificate", "TLSContext.Roots")
		if diff := cmp.Diff(want, got, ignored, cmpopts.EquateComparable(to)); diff != "" || got.Updated.IsZero() {
			t.Errorf("updated %v (-want +got):\n%s", got.Updated, diff)
		}
	})
}

// A client under a rule of mode SIMPLE presents no certificate, and asks for what the rule names
// (https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings, and the case's simple.yaml).
func TestARecordedSimpleRuleHasNoCertificate(t *testing.T) {
	eachMinor(t, func(t *testing.T, minor recording.Minor) {
		got, err := recordedDump(t, minor, "simple-against-permissive", "client").Client(product, 50051, address(t, minor, "simple-against-permissive", 50051).Address)
		want := envoy.TLSContext{SANs: []string{"exact:spiffe://cluster.local/ns/default/sa/product-service"}, ValidationSecret: "file-root:/var/run/secrets/istio/root-cert.pem"}
		if err != nil || got.CertificateSecret != "" || !slices.Equal(got.SANs, want.SANs) || got.ValidationSecret != want.ValidationSecret || got.Socket != envoy.TLSSocket || got.Says != hop.OneWayTLS {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestARecordedInboundChainOfTLSIsReadWithAllItsParameters(t *testing.T) {
	eachMinor(t, func(t *testing.T, minor recording.Minor) {
		want := []envoy.ChainFacts{{
			Name:                     "0.0.0.0_8080",
			DestinationPort:          8080,
			TransportProtocol:        "tls",
			Socket:                   envoy.TLSSocket,
			RequireClientCertificate: true,
			TLSContext: envoy.TLSContext{
				ALPN:              []string{"h2", "http/1.1"},
				CertificateSecret: "default",
				ValidationSecret:  "ROOTCA",
				SANs:              []string{"prefix:spiffe://cluster.local/"},
				MinTLS:            "TLSv1_2",
				MaxTLS:            "TLSv1_3",
			},
			Filters: []envoy.Filter{{
				Name: "envoy.filters.network.http_connection_manager",
				Type: "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
			}},
			HTTP: true,
		}}
		got, err := recordedDump(t, minor, "mesh-strict", "product-service").Server(8080)
		if err != nil {
			t.Fatal(err)
		}
		ignored := cmpopts.IgnoreFields(envoy.ChainFacts{}, "TLSContext.Ciphers", "TLSContext.Certificate", "TLSContext.Roots", "Upstream")
		if diff := cmp.Diff(want, got.Chains, ignored); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if len(got.Chains[0].Ciphers) == 0 || got.Updated.IsZero() || !got.DetectsTLS {
			t.Errorf("got ciphers %v, updated %v, detects TLS %v", got.Chains[0].Ciphers, got.Updated, got.DetectsTLS)
		}
	})
}

// What a port takes, by the mode in force there
// (https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication-MutualTLS-Mode).
func TestWhatARecordedPortTakesFollowsItsMode(t *testing.T) {
	for name, test := range map[string]struct {
		situation    string
		port         uint16
		plain, istio hop.Refusal // empty: it is taken
	}{
		"PERMISSIVE, HTTP": {"default-mesh", 8080, "", ""},
		"PERMISSIVE, gRPC": {"default-mesh", 50051, "", ""},
		"STRICT, HTTP":     {"mesh-strict", 8080, hop.NoFilterChain, ""},
		"STRICT, gRPC":     {"mesh-strict", 50051, hop.NoFilterChain, ""},
		"STRICT, TCP":      {"inbound-tcp-strict", 9000, hop.NoFilterChain, ""},
		"DISABLE, HTTP":    {"mutual-against-disable", 8080, "", hop.NotTLS},
		"DISABLE, TCP":     {"mutual-against-disable", 9000, "", hop.NotTLS},
	} {
		t.Run(name, func(t *testing.T) {
			eachMinor(t, func(t *testing.T, minor recording.Minor) {
				got, err := recordedDump(t, minor, test.situation, "product-service").Server(test.port)
				if err != nil {
					t.Fatal(err)
				}
				for _, end := range []struct {
					what    string
					got     envoy.Prediction
					taken   hop.Outcome
					refusal hop.Refusal
				}{{"plaintext", got.Plain, hop.Plaintext, test.plain}, {"Istio's mutual TLS", got.Istio, hop.MTLS, test.istio}} {
					want := end.taken
					if end.refusal != "" {
						want = hop.Refused
					}
					if end.got.Says != want || end.got.Refusal != end.refusal {
						t.Errorf("%s: got %+v, want %s %s", end.what, end.got, want, end.refusal)
					}
				}
			})
		})
	}
}

// A client of one situation meets a server of another: what they do follows from the two modes alone.
func TestARecordedClientMeetsTheServerOfAnotherSituation(t *testing.T) {
	for name, test := range map[string]struct {
		client, server string
		says           hop.Outcome
		refusal        hop.Refusal
	}{
		"auto mTLS, STRICT":          {"default-mesh", "mesh-strict", hop.MTLS, ""},
		"a DISABLE rule, PERMISSIVE": {"disable-under-strict", "default-mesh", hop.Plaintext, ""},
		"a SIMPLE rule, STRICT":      {"simple-against-permissive", "mesh-strict", hop.Refused, hop.NoClientCertificate},
		"auto mTLS, DISABLE":         {"default-mesh", "mutual-against-disable", hop.Refused, hop.NotTLS},
	} {
		t.Run(name, func(t *testing.T) {
			eachMinor(t, func(t *testing.T, minor recording.Minor) {
				to := address(t, minor, test.client, 50051)
				client, err := recordedDump(t, minor, test.client, "client").Client(product, 50051, to.Address)
				if err != nil {
					t.Fatal(err)
				}
				server, err := recordedDump(t, minor, test.server, "product-service").ServerAt(to.Address)
				if err != nil {
					t.Fatal(err)
				}
				if got := envoy.Predict(client, server, to.Does); got.Says != test.says || got.Refusal != test.refusal {
					t.Errorf("got %+v, want %s %s", got, test.says, test.refusal)
				}
			})
		})
	}
}

// The certificate that a client's proxy holds is the one that the server's proxy logged.
func TestARecordedCertificateIsTheOneThatTheServerLogged(t *testing.T) {
	recordedAttempts(t, func(t *testing.T, a recording.Attempt, proxies map[string]*envoy.Dump) {
		if a.Want != hop.MTLS || a.Client == "" {
			t.Skip("no proxy presents a certificate")
		}
		line, err := accesslog.Parse([]byte(strings.TrimSpace(string(a.ServerLine))))
		if err != nil {
			t.Fatal(err)
		}
		own, err := proxies[a.Client].Secret(envoy.WorkloadSecret)
		if err != nil {
			t.Fatal(err)
		}
		if own.Serial == "" || own.Serial != line.DownstreamPeerSerial || string(own.Identity) != line.DownstreamPeerURISAN {
			t.Errorf("it holds %s of %s, and %s of %s was logged", own.Serial, own.Identity, line.DownstreamPeerSerial, line.DownstreamPeerURISAN)
		}
		if len(own.Chain) == 0 || own.Chain[0].Serial != own.Serial || own.Issuer == "" || own.Key == "" || own.Version == "" || own.Updated.IsZero() || !own.NotBefore.Before(a.Does.At) || !own.NotAfter.After(a.Does.At) {
			t.Errorf("got %+v", own)
		}
		roots, err := proxies[a.Server].Secret(envoy.RootSecret)
		if err != nil || !own.SignedUnder(roots) || roots.Identity != "" {
			t.Errorf("the server does not trust it: %+v, %v", roots, err)
		}
	})
}
