package verdict_test

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

// chains answer plaintext, mTLS of the mesh, mTLS without Istio's ALPN, and TLS without a certificate.
func chains(plaintext, mtls, bare, anonymous envoy.Enforced) envoy.Enforcement {
	by := func(says envoy.Enforced) envoy.EnforcedBy { return envoy.EnforcedBy{Says: says, Why: "its chain"} }
	return envoy.Enforcement{Plaintext: by(plaintext), MTLS: by(mtls), BareTLS: by(bare), NoCertificate: by(anonymous)}
}

func TestWhatChainsEnforceIsComparedWithTheMode(t *testing.T) {
	const takes, refuses, unread = envoy.Takes, envoy.Refuses, envoy.Enforced("")
	strict, permissive := chains(refuses, takes, takes, refuses), chains(takes, takes, refuses, refuses)
	for name, row := range map[string]struct {
		mode  oracle.Mode
		found envoy.Enforcement
		says  string
	}{
		"STRICT":                            {oracle.Strict, strict, ""},
		"PERMISSIVE":                        {oracle.Permissive, permissive, ""},
		"DISABLE":                           {oracle.Disable, chains(takes, refuses, refuses, refuses), ""},
		"STRICT, not read":                  {oracle.Strict, chains(unread, unread, unread, unread), ""},
		"no mode of PeerAuthentication":     {oracle.NoProxy, permissive, ""},
		"STRICT that takes plaintext":       {oracle.Strict, permissive, "is STRICT by its policies, and its proxy takes plaintext (its chain), and refuses mTLS without Istio's ALPN"},
		"PERMISSIVE that refuses plaintext": {oracle.Permissive, strict, "refuses plaintext"},
		"STRICT without a certificate":      {oracle.Strict, chains(refuses, takes, takes, takes), "takes TLS without a certificate"},
		"DISABLE that takes mTLS":           {oracle.Disable, permissive, "takes mTLS of the mesh"},
	} {
		got := verdict.Enforced(row.mode, row.found)
		if !strings.Contains(got, row.says) || (got == "") != (row.says == "") {
			t.Errorf("%s: %q, want %q", name, got, row.says)
		}
	}
}

func TestAServerThatTakesOtherConnectionsThanItsModeAsksForIsAMismatch(t *testing.T) {
	check := mtlsCheck()
	check.Intent.Server = oracle.Server{Mode: oracle.Strict}
	server := envoy.ServerFacts{Port: 8080, Chains: []envoy.ChainFacts{{Name: "added", Socket: envoy.RawSocket}}}
	check.Config.Server = &server
	check.Judge()
	if check.Result != hop.Mismatch || !strings.Contains(check.Reason, "takes plaintext") || len(check.StandsOut) != 1 || check.StandsOut[0] != "config" {
		t.Errorf("%s %s %v", check.Result, check.Reason, check.StandsOut)
	}
	check.On = "before"
	if check.Judge(); strings.Contains(check.Reason, "takes plaintext") {
		t.Errorf("a connection from before: %s", check.Reason)
	}
}
