package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"mtls.test/conformance/e2e/pure/hop"
)

// The secrets with which every Istio proxy is served.
const (
	WorkloadSecret = "default" // its own certificate
	RootSecret     = "ROOTCA"  // the roots that it trusts
)

// SecretFacts is a certificate, or trusted roots, that a proxy holds. Private keys are never read.
type SecretFacts struct {
	Name    string    `json:"name"`
	Version string    `json:"version,omitempty"`
	Updated time.Time `json:"updated,omitzero"`
	Warming bool      `json:"warming,omitempty"` // a newer version has been asked for and is not in force

	// Of a certificate:
	Identity  hop.Identity       `json:"identity,omitempty"`
	Serial    string             `json:"serial,omitempty"` // lower-case hexadecimal, as Envoy logs DOWNSTREAM_PEER_SERIAL
	Issuer    string             `json:"issuer,omitempty"`
	Key       string             `json:"key,omitempty"` // type and size: RSA 2048, ECDSA P-256
	NotBefore time.Time          `json:"notBefore,omitzero"`
	NotAfter  time.Time          `json:"notAfter,omitzero"`
	Chain     []CertificateFacts `json:"chain,omitempty"` // as presented, the leaf first

	// Of trusted roots:
	Roots []CertificateFacts `json:"roots,omitempty"`
}

type secret struct {
	version string
	updated time.Time
	warming bool
	chain   json.RawMessage
	roots   json.RawMessage
}

// dynamicSecret leaves out private_key, so that not even Envoy's "[redacted]" is kept.
type dynamicSecret struct {
	Name    string    `json:"name"`
	Version string    `json:"version_info"`
	Updated time.Time `json:"last_updated"`
	Secret  struct {
		Certificate struct {
			Chain json.RawMessage `json:"certificate_chain"`
		} `json:"tls_certificate"`
		Validation struct {
			Roots json.RawMessage `json:"trusted_ca"`
		} `json:"validation_context"`
	} `json:"secret"`
	Rejected *updateFailure `json:"error_state"`
}

func (d *Dump) addSecret(_ string, in dynamicSecret) {
	d.noteRejected("secret "+in.Name, in.Rejected)
	d.secrets[in.Name] = secret{
		version: in.Version,
		updated: in.Updated,
		chain:   in.Secret.Certificate.Chain,
		roots:   in.Secret.Validation.Roots,
	}
}

func (d *Dump) addWarmingSecret(_ string, in dynamicSecret) {
	d.Warming = append(d.Warming, "secret "+in.Name)
	if s, found := d.secrets[in.Name]; found {
		s.warming = true
		d.secrets[in.Name] = s
	}
}

// Secret returns a certificate or trusted roots by the secret's name. The error wraps ErrAbsent when the proxy has
// none of that name in force.
func (d *Dump) Secret(name string) (SecretFacts, error) {
	s, found := d.secrets[name]
	if !found {
		return SecretFacts{}, fmt.Errorf("secret %s: %w", name, ErrAbsent)
	}
	facts := SecretFacts{Name: name, Version: s.version, Updated: s.updated, Warming: s.warming}
	if s.chain != nil {
		chain, err := certificates(s.chain)
		if err != nil {
			return facts, fmt.Errorf("certificate of secret %s: %w", name, err)
		}
		facts.readChain(chain)
	}
	if s.roots != nil {
		roots, err := certificates(s.roots)
		if err != nil {
			return facts, fmt.Errorf("trusted roots of secret %s: %w", name, err)
		}
		facts.Roots = roots
	}
	return facts, nil
}

func (f *SecretFacts) readChain(chain []CertificateFacts) {
	leaf := chain[0]
	f.Chain = chain
	f.Identity, f.Serial, f.Issuer, f.Key = leaf.Identity, leaf.Serial, leaf.Issuer, leaf.Key
	f.NotBefore, f.NotAfter = leaf.NotBefore, leaf.NotAfter
}

// SignedUnder reports whether one of the trusted roots leads to the certificate, whatever its validity.
func (f SecretFacts) SignedUnder(trusted SecretFacts) bool {
	return path(f.Chain, trusted.Roots) != nil
}

// ReadChain returns a certificate that no proxy holds, such as a probe's or an application's own, from PEM blocks with
// the leaf first.
func ReadChain(blocks []byte) (*SecretFacts, error) {
	chain, err := readPEM(blocks)
	if err != nil {
		return nil, fmt.Errorf("read certificate chain: %w", err)
	}
	facts := &SecretFacts{}
	facts.readChain(chain)
	return facts, nil
}

func certificates(raw json.RawMessage) ([]CertificateFacts, error) {
	var source corev3.DataSource
	if err := decode(raw, &source); err != nil {
		return nil, err
	}
	return inlineCertificates(&source)
}

func inlineCertificates(source *corev3.DataSource) ([]CertificateFacts, error) {
	content, err := dataBytes(source)
	if err != nil {
		return nil, err
	}
	return readPEM(content)
}

// SecretNames are the names of the secrets that the proxy has, sorted.
func (d *Dump) SecretNames() []string { return slices.Sorted(maps.Keys(d.secrets)) }

// Trusts reports whether a root is one of the secret's.
func (f SecretFacts) Trusts(root CertificateFacts) bool {
	return slices.ContainsFunc(f.Roots, func(own CertificateFacts) bool { return bytes.Equal(own.DER, root.DER) })
}
