package tlscheck

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

const identity hop.Identity = "spiffe://cluster.local/ns/default/sa/product"

// authority is a root, and what signs with it.
type authority struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, from, to time.Time) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: from, NotAfter: to, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{root, key}
}

func (a authority) sign(t *testing.T, from, to time.Time) envoy.SecretFacts {
	t.Helper()
	uri, err := url.Parse(string(identity))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: to, URIs: []*url.URL{uri}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, der)
}

func read(t *testing.T, der []byte) envoy.SecretFacts {
	t.Helper()
	facts, err := envoy.ReadChain(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return *facts
}

func TestTroubles(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	day := 24 * time.Hour
	trusted := newAuthority(t, now.Add(-day), now.Add(365*day))
	roots := envoy.SecretFacts{Roots: read(t, trusted.root.Raw).Chain}
	fresh := trusted.sign(t, now, now.Add(day))
	stale := newAuthority(t, now.Add(-2*day), now.Add(-day))
	for _, row := range []struct {
		name       string
		own, roots envoy.SecretFacts
		want       hop.Identity
		troubles   []string
	}{
		{"fresh", fresh, roots, identity, nil},
		{"no certificate", envoy.SecretFacts{}, roots, identity, []string{"holds no certificate default"}},
		{"expired", trusted.sign(t, now.Add(-2*day), now.Add(-time.Hour)), roots, identity, []string{"expired since 1h0m0s"}},
		{"not yet valid", trusted.sign(t, now.Add(time.Hour), now.Add(day)), roots, identity, []string{"not valid before"}},
		{"near its end", trusted.sign(t, now.Add(-20*time.Hour), now.Add(4*time.Hour)), roots, identity, []string{"near its end: 4h0m0s of 24h0m0s"}},
		{"past its half", trusted.sign(t, now.Add(-14*time.Hour), now.Add(10*time.Hour)), roots, identity, nil},
		{"for another", fresh, roots, "spiffe://cluster.local/ns/default/sa/other", []string{"it is for"}},
		{"by another root", newAuthority(t, now, now.Add(day)).sign(t, now, now.Add(day)), roots, identity, []string{"does not reach ROOTCA"}},
		{"no roots", fresh, envoy.SecretFacts{}, identity, []string{"holds no ROOTCA"}},
		{"a root out of date", stale.sign(t, now, now.Add(day)), envoy.SecretFacts{Roots: read(t, stale.root.Raw).Chain}, identity, []string{"root CN=root is valid from"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := Troubles(row.own, row.roots, row.want, now)
			if len(got) != len(row.troubles) {
				t.Fatalf("%q, want %q", got, row.troubles)
			}
			for i, want := range row.troubles {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
		})
	}
}
