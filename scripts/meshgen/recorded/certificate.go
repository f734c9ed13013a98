package recorded

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"time"
)

// authority signs the certificates of the mesh's proxies.
type authority struct {
	key   crypto.Signer
	root  *x509.Certificate
	leaf  crypto.PublicKey // one for all: no connection is made with it
	roots string           // as a secret holds them
	last  int64
}

// The certificates are valid for whatever day the files are read on.
var (
	validFrom  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)
)

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key, leaf: leaf.Public()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"cluster.local"}}, NotBefore: validFrom, NotAfter: validUntil,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	a.root, err = x509.ParseCertificate(der)
	a.roots, a.last = inline(der), 1
	return a, err
}

// certificate is a chain for an account, as a secret holds it. The error names the account.
func (a *authority) certificate(account string) (string, error) {
	id, err := url.Parse(account)
	if err != nil {
		return "", err
	}
	a.last++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.last), NotBefore: validFrom, NotAfter: validUntil, URIs: []*url.URL{id}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, a.leaf, a.key)
	if err != nil {
		return "", fmt.Errorf("certificate of %s: %w", account, err)
	}
	return inline(der, a.root.Raw), nil
}

// inline is certificates as the inline_bytes of a secret.
func inline(certificates ...[]byte) string {
	var text bytes.Buffer
	for _, der := range certificates {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	return base64.StdEncoding.EncodeToString(text.Bytes())
}
