package verdict

import (
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/oracle"
)

// enforces is what the chains of a port do under a mode of PeerAuthentication, whoever its clients are. STRICT takes TLS of any ALPN
// and verifies the certificate in it, PERMISSIVE tells the mesh's TLS by its ALPN, and neither goes without a certificate
// (https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication-MutualTLS-Mode,
// istio/istio pilot/pkg/networking/core/filterchain_options.go).
var enforces = map[oracle.Mode]struct{ plaintext, mtls, bareTLS, noCertificate envoy.Enforced }{
	oracle.Strict:     {envoy.Refuses, envoy.Takes, envoy.Takes, envoy.Refuses},
	oracle.Permissive: {envoy.Takes, envoy.Takes, envoy.Refuses, envoy.Refuses},
	oracle.Disable:    {envoy.Takes, envoy.Refuses, envoy.Refuses, envoy.Refuses},
}

// Enforced tells how what the chains of a port take is other than the mode asks of them; empty where it is the same, where the mode
// is none of PeerAuthentication's, and for what of the chains could not be read.
func Enforced(mode oracle.Mode, chains envoy.Enforcement) string {
	asked, known := enforces[mode]
	if !known {
		return ""
	}
	var other []string
	for _, one := range []struct {
		what  string
		asked envoy.Enforced
		found envoy.EnforcedBy
	}{
		{"plaintext", asked.plaintext, chains.Plaintext},
		{"mTLS of the mesh", asked.mtls, chains.MTLS},
		{"mTLS without Istio's ALPN", asked.bareTLS, chains.BareTLS},
		{"TLS without a certificate", asked.noCertificate, chains.NoCertificate},
	} {
		if one.found.Says != "" && one.found.Says != one.asked {
			other = append(other, fmt.Sprintf("%s %s (%s)", one.found.Says, one.what, one.found.Why))
		}
	}
	if len(other) == 0 {
		return ""
	}
	return fmt.Sprintf("is %s by its policies, and its proxy %s", mode, strings.Join(other, ", and "))
}
