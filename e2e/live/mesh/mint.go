package mesh

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// Validity is when a certificate holds.
type Validity struct{ From, To time.Time }

// KeyPair is a certificate with those that a verifier needs besides, leaf first, and its key, both PEM.
type KeyPair struct {
	Chain string
	Key   string
}

// String keeps the key out of logs and messages.
func (KeyPair) String() string { return "a certificate and its key" }

// CA signs certificates.
type CA struct {
	certificate *x509.Certificate
	above       []*x509.Certificate // intermediates over it, up to its root, which is left out
	key         crypto.Signer
}

// caKeyBits is the size of the RSA keys that Istio's own CA makes.
const caKeyBits = 2048

// NewRoot makes a self-signed CA.
func NewRoot(name string, valid Validity) (*CA, error) {
	key, err := rsa.GenerateKey(rand.Reader, caKeyBits)
	if err != nil {
		return nil, err
	}
	template := authority(name, valid)
	certificate, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("root %s: %w", name, err)
	}
	return &CA{certificate: certificate, key: key}, nil
}

// Intermediate makes a CA that this one signs.
func (c *CA) Intermediate(name string, valid Validity) (*CA, error) {
	key, err := rsa.GenerateKey(rand.Reader, caKeyBits)
	if err != nil {
		return nil, err
	}
	certificate, err := sign(authority(name, valid), c.certificate, key.Public(), c.key)
	if err != nil {
		return nil, fmt.Errorf("intermediate CA %s: %w", name, err)
	}
	return &CA{certificate: certificate, key: key, above: c.sent()}, nil
}

// Workload makes the certificate of a SPIFFE ID, of the form that istiod signs: no subject, one URI SAN, for both ends.
func (c *CA) Workload(identity hop.Identity, valid Validity) (KeyPair, error) {
	template, err := workload(identity, valid)
	if err != nil {
		return KeyPair{}, err
	}
	return c.leaf(template)
}

// Host makes the certificate of a server, or of a client known by names, for those DNS names.
func (c *CA) Host(names []string, valid Validity) (KeyPair, error) {
	template := leaf(valid)
	template.Subject, template.DNSNames = pkix.Name{CommonName: names[0]}, names
	return c.leaf(template)
}

// SelfSigned makes the certificate of a SPIFFE ID that nobody vouches for.
func SelfSigned(identity hop.Identity, valid Validity) (KeyPair, error) {
	template, err := workload(identity, valid)
	if err != nil {
		return KeyPair{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return KeyPair{}, err
	}
	certificate, err := sign(template, template, key.Public(), key)
	if err != nil {
		return KeyPair{}, err
	}
	return pair(key, certificate)
}

func (c *CA) leaf(template *x509.Certificate) (KeyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return KeyPair{}, err
	}
	certificate, err := sign(template, c.certificate, key.Public(), c.key)
	if err != nil {
		return KeyPair{}, err
	}
	return pair(key, append([]*x509.Certificate{certificate}, c.sent()...)...)
}

// sent are the certificates between a leaf of this CA and its root.
func (c *CA) sent() []*x509.Certificate {
	if c.certificate.CheckSignatureFrom(c.certificate) == nil {
		return nil
	}
	return append([]*x509.Certificate{c.certificate}, c.above...)
}

// PEM returns the CA's certificate.
func (c *CA) PEM() string { return certificates(c.certificate) }

// pair returns the CA's own certificate and key.
func (c *CA) pair() (KeyPair, error) { return pair(c.key, c.certificate) }

// readCA reads a CA from its certificate, followed by those over it, and its key.
func readCA(from KeyPair) (*CA, error) {
	read, err := tls.X509KeyPair([]byte(from.Chain), []byte(from.Key))
	if err != nil {
		return nil, err
	}
	key, ok := read.PrivateKey.(crypto.Signer)
	if !ok || !read.Leaf.IsCA {
		return nil, fmt.Errorf("%s is no CA", read.Leaf.Subject)
	}
	ca := &CA{certificate: read.Leaf, key: key}
	for _, der := range read.Certificate[1:] {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if certificate.CheckSignatureFrom(certificate) != nil {
			ca.above = append(ca.above, certificate)
		}
	}
	return ca, nil
}

func authority(name string, valid Validity) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{Organization: []string{Suite}, CommonName: name}, NotBefore: valid.From, NotAfter: valid.To,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func leaf(valid Validity) *x509.Certificate {
	return &x509.Certificate{
		NotBefore: valid.From, NotAfter: valid.To, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func workload(identity hop.Identity, valid Validity) (*x509.Certificate, error) {
	uri, err := url.Parse(string(identity))
	if err != nil || uri.Scheme != "spiffe" {
		return nil, fmt.Errorf("%q is no SPIFFE ID", identity)
	}
	template := leaf(valid)
	template.URIs = []*url.URL{uri}
	return template, nil
}

func sign(template, by *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, by, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func pair(key crypto.Signer, chain ...*x509.Certificate) (KeyPair, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return KeyPair{}, err
	}
	return KeyPair{Chain: certificates(chain...), Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}, nil
}

func certificates(chain ...*x509.Certificate) string {
	var all strings.Builder
	for _, certificate := range chain {
		_ = pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	}
	return all.String()
}

// ders reads the certificates of PEM blocks.
func ders(blocks string) [][]byte {
	var all [][]byte
	for rest := []byte(blocks); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return all
		}
		all = append(all, block.Bytes)
	}
}
