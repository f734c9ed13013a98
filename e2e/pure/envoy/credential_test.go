package envoy

import (
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestACredentialIsTrustedWhereItsRootIs(t *testing.T) {
	roots := func(ders ...string) *SecretFacts {
		facts := &SecretFacts{}
		for _, der := range ders {
			facts.Roots = append(facts.Roots, CertificateFacts{DER: []byte(der)})
		}
		return facts
	}
	server := ServerEnd{RequireClientCertificate: true, TLSContext: TLSContext{ValidationSecret: RootSecret}}
	hello := Hello{Credential: &Credential{Identity: "spiffe://cluster.local/ns/a/sa/b", Root: []byte("foreign")}}
	for name, test := range map[string]struct {
		roots   *SecretFacts
		refusal hop.Refusal
		assumed int
	}{
		"its root is trusted":     {roots("first", "foreign"), "", 0},
		"another root is trusted": {roots("first"), hop.UnknownCA, 0},
		"the roots are not known": {nil, "", 1},
	} {
		server.Roots = test.roots
		got := judgeClient(hello, server, time.Time{})
		if got.refusal != test.refusal || got.failed != (test.refusal != "") || len(got.assumed) != test.assumed {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
