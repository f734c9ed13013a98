package envoy

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"mtls.test/conformance/e2e/hop"
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
	Identity    hop.Identity `json:"identity,omitempty"`
	Serial      string       `json:"serial,omitempty"` // lower-case hexadecimal, as Envoy logs DOWNSTREAM_PEER_SERIAL
	Issuer      string       `json:"issuer,omitempty"`
	NotBefore   time.Time    `json:"notBefore,omitzero"`
	NotAfter    time.Time    `json:"notAfter,omitzero"`
	ChainLength int          `json:"chainLength,omitempty"` // certificates presented, the leaf included

	// Of trusted roots:
	Roots []RootFacts `json:"roots,omitempty"`
}

// RootFacts is one certificate that a proxy trusts.
type RootFacts struct {
	Subject  string    `json:"subject"`
	Serial   string    `json:"serial"`
	NotAfter time.Time `json:"notAfter"`
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
		facts.readLeaf(chain)
	}
	if s.roots != nil {
		roots, err := certificates(s.roots)
		if err != nil {
			return facts, fmt.Errorf("trusted roots of secret %s: %w", name, err)
		}
		for _, root := range roots {
			facts.Roots = append(facts.Roots, RootFacts{Subject: root.Subject.String(), Serial: serial(root), NotAfter: root.NotAfter})
		}
	}
	return facts, nil
}

func (f *SecretFacts) readLeaf(chain []*x509.Certificate) {
	leaf := chain[0]
	if len(leaf.URIs) > 0 {
		f.Identity = hop.Identity(leaf.URIs[0].String())
	}
	f.Serial = serial(leaf)
	f.Issuer = leaf.Issuer.String()
	f.NotBefore, f.NotAfter = leaf.NotBefore, leaf.NotAfter
	f.ChainLength = len(chain)
}

func serial(c *x509.Certificate) string { return hex.EncodeToString(c.SerialNumber.Bytes()) }

// certificates decodes a data source of PEM blocks; it returns at least one certificate or an error.
func certificates(raw json.RawMessage) ([]*x509.Certificate, error) {
	var source corev3.DataSource
	if err := decode(raw, &source); err != nil {
		return nil, err
	}
	rest, err := dataBytes(&source)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(all), err)
		}
		all = append(all, certificate)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("it holds no PEM certificate")
	}
	return all, nil
}
