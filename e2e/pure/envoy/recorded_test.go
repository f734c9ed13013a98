package envoy_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/recording"
)

// recordedAttempts calls for each attempt of every recorded minor, with the configuration of the proxies of its situation.
func recordedAttempts(t *testing.T, work func(t *testing.T, a recording.Attempt, proxies map[string]*envoy.Dump)) {
	minors, err := recording.Load(os.DirFS("../recording/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		for _, situation := range minor.Situations {
			proxies := map[string]*envoy.Dump{}
			for name := range situation.Proxies {
				dump, err := minor.Dump(situation, name)
				if err != nil {
					t.Fatalf("%s/%s: %s: %v", minor.Name, situation.Case, name, err)
				}
				if len(dump.Lost)+len(dump.Warming)+len(dump.Rejected) > 0 {
					t.Errorf("%s/%s: %s: lost %q, warming %q, rejected %q", minor.Name, situation.Case, name, dump.Lost, dump.Warming, dump.Rejected)
				}
				proxies[name] = dump
			}
			for _, attempt := range situation.Attempts {
				t.Run(minor.Name+"/"+situation.Case+"/"+attempt.Name, func(t *testing.T) { work(t, attempt, proxies) })
			}
		}
	}
}

func serverEnd(t *testing.T, a recording.Attempt, proxies map[string]*envoy.Dump) envoy.ServerFacts {
	t.Helper()
	if a.Server == "" {
		return envoy.WithoutProxy(a.Address.Port())
	}
	facts, err := proxies[a.Server].ServerAt(a.Address)
	if a.Relays {
		facts, err = proxies[a.Server].Gateway(a.Address.Port())
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(facts.Lost) > 0 || facts.Undecided != "" || facts.Warming {
		t.Errorf("server: lost %q, undecided %q, warming %v", facts.Lost, facts.Undecided, facts.Warming)
	}
	return facts
}

func clientEnd(t *testing.T, a recording.Attempt, proxies map[string]*envoy.Dump) envoy.ClientFacts {
	t.Helper()
	facts, err := proxies[a.Client].Outbound(a.Cluster, a.Address)
	if err != nil {
		t.Fatal(err)
	}
	if len(facts.Lost) > 0 || facts.Warming {
		t.Errorf("client: lost %q, warming %v", facts.Lost, facts.Warming)
	}
	return facts
}

func TestARecordedConfigurationPredictsWhatItsCaseExpects(t *testing.T) {
	recordedAttempts(t, func(t *testing.T, a recording.Attempt, proxies map[string]*envoy.Dump) {
		server := serverEnd(t, a, proxies)
		var got envoy.Prediction
		switch {
		case a.Hello != nil:
			got = envoy.PredictProbe(*a.Hello, server, a.Does)
		case a.Client == "":
			got = envoy.PredictPlain(server, a.Does)
		default:
			got = envoy.Predict(clientEnd(t, a, proxies), server, a.Does)
		}
		if got.Says != a.Want || got.Refusal != a.Cause || len(got.Assumed) > 0 {
			t.Errorf("want %s %s, got %+v", a.Want, a.Cause, got)
		}
		if a.Want == hop.MTLS && got.Peer != a.Identity.Client {
			t.Errorf("the server is proved %q, want %q", got.Peer, a.Identity.Client)
		}
	})
}

// The server name and the names asked of the server's certificate are those of Istio's mutual TLS
// (https://istio.io/latest/docs/concepts/security/#secure-naming, istio/istio pilot/pkg/model/service.go BuildDNSSrvSubsetKey).
func TestARecordedClientOfMutualTLSProvesAndAsksForTheRightIdentities(t *testing.T) {
	recordedAttempts(t, func(t *testing.T, a recording.Attempt, proxies map[string]*envoy.Dump) {
		if a.Want != hop.MTLS || a.Client == "" {
			t.Skip("no proxy speaks mutual TLS")
		}
		client, server := clientEnd(t, a, proxies), serverEnd(t, a, proxies)
		if client.Certificate == nil || client.Certificate.Identity != a.Identity.Client || client.CertificateSecret != envoy.WorkloadSecret {
			t.Errorf("client: got %s of secret %s, want %s", identityOf(client.Certificate), client.CertificateSecret, a.Identity.Client)
		}
		chain, found := server.Match(envoy.Connection{TLS: true, SNI: client.SNI, ALPN: client.Offered(a.Does.Speaks)})
		if !found || chain.Certificate == nil || chain.Certificate.Identity != a.Identity.Server || !chain.RequireClientCertificate {
			t.Errorf("server: got %s of chain %q, want %s", identityOf(chain.Certificate), chain.Name, a.Identity.Server)
		}
		// A service may have workloads of several accounts, each of which may answer.
		if want := "exact:" + string(a.Identity.Server); !slices.Contains(client.SANs, want) {
			t.Errorf("the client asks for %q, want %q", client.SANs, want)
		}
		if want := strings.ReplaceAll(a.Cluster, "|", "_."); client.SNI != want {
			t.Errorf("server name: got %q, want %q", client.SNI, want)
		}
	})
}

func identityOf(certificate *envoy.SecretFacts) string {
	if certificate == nil {
		return "no certificate"
	}
	return string(certificate.Identity)
}
