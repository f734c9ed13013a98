package envoy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// negotiation is the outcome of a TLS handshake between two configurations.
type negotiation struct {
	refusal hop.Refusal
	why     string
	failed  bool
	mutual  bool         // the client proved an identity
	peer    hop.Identity // the client's
	assumed []string
}

func refused(cause hop.Refusal, format string, args ...any) negotiation {
	return negotiation{failed: true, refusal: cause, why: fmt.Sprintf(format, args...)}
}

// negotiate simulates a handshake in the order of the protocol (RFC 8446, section 2): version and cipher, then the client
// verifies the server's certificate, then the server verifies the client's. Where an unknown secret would decide, the
// result is assumed, and the assumption is listed.
func negotiate(client Hello, server ServerEnd, at time.Time) negotiation {
	chosen, shared := agreedVersion(client.TLSContext, server.TLSContext)
	if !shared {
		return refused(hop.ProtocolVersion, "the client speaks %s, and the server %s", versionsText(client.TLSContext, clientDefaults), versionsText(server.TLSContext, serverDefaults))
	}
	if chosen < tls13 && !shareCipher(client.TLSContext, server.TLSContext) {
		return refused(hop.NoSharedCipher, "the client offers %v, and the server takes %v", client.Ciphers, server.Ciphers)
	}
	judged := judgeServer(client.TLSContext, server.TLSContext, at)
	if judged.failed {
		return judged
	}
	result := judgeClient(client, server, at)
	result.assumed = append(judged.assumed, result.assumed...)
	return result
}

func judgeServer(client, server TLSContext, at time.Time) negotiation {
	var result negotiation
	shown := server.Certificate
	if !client.VerifiesPeer() && len(client.SANs) == 0 {
		return result
	}
	if shown == nil || len(shown.Chain) == 0 {
		return negotiation{assumed: []string{"the server's certificate satisfies the client: it is not known"}}
	}
	switch {
	case !client.VerifiesPeer():
	case client.Roots == nil:
		result.assumed = append(result.assumed, "the client trusts the server's certificate: its roots are not known")
	default:
		leading := path(shown.Chain, client.Roots.Roots)
		if leading == nil {
			return refused(hop.UnknownServerCA, "no root that the client trusts has signed the server's certificate, by %s", shown.Issuer)
		}
		if late := firstInvalid(leading, at); late != "" {
			return refused("", "the server's certificate is not valid: %s", late)
		}
	}
	leaf := shown.Chain[0]
	held, decided := holdsName(client.SANs, append([]string{string(leaf.Identity)}, leaf.Names...))
	if !decided {
		result.assumed = append(result.assumed, fmt.Sprintf("the server's certificate holds one of %v", client.SANs))
	} else if !held {
		return refused(hop.WrongSAN, "the client wants a certificate for %v, and the server's is for %s", client.SANs, strings.Join(append([]string{string(leaf.Identity)}, leaf.Names...), " "))
	}
	return result
}

func judgeClient(client Hello, server ServerEnd, at time.Time) negotiation {
	if server.TakesAny {
		shown, _ := client.presented(nil, at)
		return negotiation{mutual: shown != nil, why: "takes any certificate of the client's, and none"}
	}
	if !server.VerifiesPeer() {
		// A server without roots does not ask for a certificate.
		return negotiation{why: "has no roots to verify the client's certificate with"}
	}
	shown, known := client.presented(server.Roots, at)
	switch {
	case shown == nil && server.RequireClientCertificate:
		return refused(hop.NoClientCertificate, "the client has no certificate, and the server requires one")
	case shown == nil:
		return negotiation{why: "does without the client's certificate"}
	case server.AcceptsUntrusted:
		return negotiation{mutual: true, why: "takes any certificate of the client's", peer: shown.Identity}
	case !known:
		return negotiation{mutual: true, why: "verifies the client's certificate", assumed: []string{"the client's certificate satisfies the server: one of the two is not known"}, peer: shown.Identity}
	case !shown.Trusted:
		return refused(hop.UnknownCA, "no root that the server trusts has signed the client's certificate")
	case !at.IsZero() && (at.Before(shown.NotBefore) || at.After(shown.NotAfter)):
		return refused(hop.Expired, "the client's certificate is outside its validity")
	}
	result := negotiation{mutual: true, why: "verifies the client's certificate", peer: shown.Identity}
	held, decided := holdsName(server.SANs, []string{string(shown.Identity)})
	if !decided {
		result.assumed = []string{fmt.Sprintf("the client's certificate holds one of %v", server.SANs)}
	} else if !held {
		return refused(hop.WrongTrustDomain, "the client is %s, and the server takes %v", shown.Identity, server.SANs)
	}
	return result
}

// presented returns what the client shows when asked for a certificate, and whether everything that a server verifies is
// known.
func (h Hello) presented(roots *SecretFacts, at time.Time) (*Credential, bool) {
	if own := h.Credential; own != nil {
		if own.Root == nil || roots == nil {
			return own, own.Root == nil
		}
		shown := *own
		shown.Trusted = slices.ContainsFunc(roots.Roots, func(root CertificateFacts) bool { return bytes.Equal(root.DER, own.Root) })
		return &shown, true
	}
	if h.CertificateSecret == "" {
		return nil, true
	}
	own := h.Certificate
	if own == nil || len(own.Chain) == 0 {
		return &Credential{}, false
	}
	shown := &Credential{Identity: own.Identity, NotBefore: own.NotBefore, NotAfter: own.NotAfter}
	if roots == nil {
		return shown, false
	}
	leading := path(own.Chain, roots.Roots)
	shown.Trusted = leading != nil
	for _, c := range leading {
		// A certificate signed by an expired authority is expired too.
		if !at.IsZero() && !c.ValidAt(at) {
			shown.NotBefore, shown.NotAfter = c.NotBefore, c.NotAfter
		}
	}
	return shown, true
}

// firstInvalid describes the first certificate of a path that is not valid at a time. It is empty where all are valid, and
// for the zero time, which means no check.
func firstInvalid(path []CertificateFacts, at time.Time) string {
	for _, c := range path {
		if !at.IsZero() && !c.ValidAt(at) {
			return fmt.Sprintf("%s of %s is valid from %s to %s", c.Serial, c.Issuer, c.NotBefore.Format(time.RFC3339), c.NotAfter.Format(time.RFC3339))
		}
	}
	return ""
}

// The TLS versions in their order, as Envoy's configuration spells them.
var tlsVersions = []string{"TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"}

const tls13 = 3

// span is the versions from the lowest to the highest, as indices of tlsVersions.
type span struct{ low, high int }

// What Envoy speaks where the configuration does not say. Source: TlsParameters in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto
var (
	clientDefaults = span{2, 2}
	serverDefaults = span{2, 3}
)

func (t TLSContext) versions(defaults span) span {
	if i := slices.Index(tlsVersions, t.MinTLS); i >= 0 {
		defaults.low = i
		// The highest is at least the lowest, whatever the default.
		defaults.high = max(defaults.high, i)
	}
	if i := slices.Index(tlsVersions, t.MaxTLS); i >= 0 {
		defaults.high = i
	}
	return defaults
}

func agreedVersion(client, server TLSContext) (highest int, shared bool) {
	c, s := client.versions(clientDefaults), server.versions(serverDefaults)
	highest = min(c.high, s.high)
	return highest, highest >= max(c.low, s.low)
}

func versionsText(t TLSContext, defaults span) string {
	versions := t.versions(defaults)
	return tlsVersions[versions.low] + " to " + tlsVersions[versions.high]
}

// defaultCiphers are Envoy's TLS 1.2 suites where the configuration names none. Source: cipher_suites of TlsParameters.
var defaultCiphers = []string{
	"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
	"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
}

// shareCipher reports whether the two name a suite in common that the server's key can serve.
func shareCipher(client, server TLSContext) bool {
	theirs := suites(client.Ciphers)
	for _, suite := range suites(server.Ciphers) {
		if slices.Contains(theirs, suite) && server.serves(suite) {
			return true
		}
	}
	return false
}

// suites splits BoringSSL's groups of equal preference, [A|B].
func suites(configured []string) []string {
	if len(configured) == 0 {
		return defaultCiphers
	}
	var names []string
	for _, group := range configured {
		names = append(names, strings.Split(strings.Trim(group, "[]"), "|")...)
	}
	return names
}

// serves reports whether the key signs what the suite needs; a suite that names no ECDSA is one for RSA keys.
func (t TLSContext) serves(suite string) bool {
	if t.Certificate == nil || t.Certificate.Key == "" {
		return true
	}
	return strings.Contains(suite, "ECDSA") == strings.HasPrefix(t.Certificate.Key, "ECDSA")
}
