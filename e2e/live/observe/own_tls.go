package observe

import (
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/seen"
)

// OwnTLS are the facts of a session that a client's application spoke itself, past any proxy. It lists the URIs of the other
// end's certificate before its DNS names; one SPIFFE ID is its identity (X.509-SVID, section 2), and several are none.
func OwnTLS(session *seen.TLS) *hop.TLSFacts {
	facts := &hop.TLSFacts{
		Version: session.Version, Cipher: session.Cipher, SNI: session.ServerName, ALPN: session.ALPN, Serial: session.PeerSerial,
	}
	var identities []string
	for _, name := range session.PeerNames {
		if strings.Contains(name, "://") {
			identities = append(identities, name)
		} else {
			facts.Names = append(facts.Names, name)
		}
	}
	if len(identities) == 1 && strings.HasPrefix(identities[0], "spiffe://") {
		facts.Peer = hop.Identity(identities[0])
	}
	return facts
}
