package envoy

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"sync"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// CertificateFacts is one certificate of a chain, or one that is trusted.
type CertificateFacts struct {
	Subject   string       `json:"subject,omitempty"` // empty in the certificates that istiod signs
	Issuer    string       `json:"issuer"`
	Identity  hop.Identity `json:"identity,omitempty"` // the URI that it is for; none where it is for several (X.509-SVID, section 2)
	Names     []string     `json:"names,omitempty"`    // DNS names that it is for, and URIs where they are several
	Serial    string       `json:"serial"`             // lower-case hexadecimal, as Envoy logs DOWNSTREAM_PEER_SERIAL
	Key       string       `json:"key"`                // type and size: RSA 2048, ECDSA P-256
	NotBefore time.Time    `json:"notBefore"`
	NotAfter  time.Time    `json:"notAfter"`
	DER       []byte       `json:"-"`
}

// ValidAt reports whether a time lies in the certificate's validity, whose ends belong to it (RFC 5280, 4.1.2.5).
func (c CertificateFacts) ValidAt(at time.Time) bool {
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter)
}

func certificateFacts(c *x509.Certificate) CertificateFacts {
	facts := CertificateFacts{
		Subject:   c.Subject.String(),
		Issuer:    c.Issuer.String(),
		Names:     c.DNSNames,
		Serial:    hex.EncodeToString(c.SerialNumber.Bytes()),
		Key:       keyText(c.PublicKey),
		NotBefore: c.NotBefore,
		NotAfter:  c.NotAfter,
		DER:       c.Raw,
	}
	if len(c.URIs) == 1 {
		facts.Identity = hop.Identity(c.URIs[0].String())
		return facts
	}
	for _, uri := range c.URIs {
		facts.Names = append(facts.Names, uri.String())
	}
	return facts
}

func keyText(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return fmt.Sprintf("%T", key)
	}
}

// readPEM reads PEM blocks; it returns at least one certificate or an error.
func readPEM(rest []byte) ([]CertificateFacts, error) {
	var all []CertificateFacts
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(all), err)
		}
		all = append(all, certificateFacts(certificate))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("it holds no PEM certificate")
	}
	return all, nil
}

// path returns the certificates from the first of a chain up to and including a trusted one, or nil where there is no such
// path. Like Envoy it accepts any trusted certificate as the end, self-signed or not. It does not check validity times.
func path(chain, trusted []CertificateFacts) []CertificateFacts {
	if len(chain) == 0 {
		return nil
	}
	return known.path(chain, trusted)
}

// paths caches the results: the proxies of a mesh show each other few certificates, over many hops.
type paths struct {
	mu    sync.Mutex
	found map[[sha256.Size]byte][]CertificateFacts
}

var known = paths{found: map[[sha256.Size]byte][]CertificateFacts{}}

// maxPaths is the size limit of the cache.
const maxPaths = 4096

func (p *paths) path(chain, trusted []CertificateFacts) []CertificateFacts {
	digest := sha256.New()
	for _, certificate := range slices.Concat(chain, []CertificateFacts{{}}, trusted) {
		_, _ = fmt.Fprintf(digest, "%d ", len(certificate.DER))
		_, _ = digest.Write(certificate.DER)
	}
	key := [sha256.Size]byte(digest.Sum(nil))
	p.mu.Lock()
	defer p.mu.Unlock()
	facts, found := p.found[key]
	if found {
		return facts
	}
	if len(p.found) >= maxPaths {
		clear(p.found)
	}
	facts = findPath(chain, trusted)
	p.found[key] = facts
	return facts
}

func findPath(chain, trusted []CertificateFacts) []CertificateFacts {
	leaf, err := x509.ParseCertificate(chain[0].DER)
	if err != nil {
		return nil
	}
	var facts []CertificateFacts
	for _, c := range climb(leaf, parsed(chain[1:]), parsed(trusted), len(chain)) {
		facts = append(facts, certificateFacts(c))
	}
	return facts
}

func climb(c *x509.Certificate, between, ends []*x509.Certificate, steps int) []*x509.Certificate {
	for _, end := range ends {
		if c.Equal(end) {
			return []*x509.Certificate{c}
		}
		if c.CheckSignatureFrom(end) == nil {
			return []*x509.Certificate{c, end}
		}
	}
	if steps == 0 {
		return nil
	}
	for _, next := range between {
		if c.Equal(next) || c.CheckSignatureFrom(next) != nil {
			continue
		}
		if rest := climb(next, between, ends, steps-1); rest != nil {
			return append([]*x509.Certificate{c}, rest...)
		}
	}
	return nil
}

func parsed(facts []CertificateFacts) []*x509.Certificate {
	var all []*x509.Certificate
	for _, f := range facts {
		if c, err := x509.ParseCertificate(f.DER); err == nil {
			all = append(all, c)
		}
	}
	return all
}
