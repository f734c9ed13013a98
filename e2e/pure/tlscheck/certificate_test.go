package tlscheck

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
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

// leaf is a certificate of the identity, in DER.
func (a authority) leaf(t *testing.T, from, to time.Time) []byte {
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
	return der
}

// sign signs a certificate of the identity.
func (a authority) sign(t *testing.T, from, to time.Time) envoy.SecretFacts {
	t.Helper()
	return read(t, a.leaf(t, from, to))
}

func block(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func read(t *testing.T, der []byte) envoy.SecretFacts {
	t.Helper()
	facts, err := envoy.ReadChain(block(der))
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
		{"in its last moment", trusted.sign(t, now.Add(-day), now), roots, identity, []string{"near its end: 0s of 24h0m0s"}},
		{"a quarter left", trusted.sign(t, now.Add(-18*time.Hour), now.Add(6*time.Hour)), roots, identity, nil},
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

// holding is a proxy's dump with a secret, as JSON, for its own certificate.
func holding(t *testing.T, secret string) *envoy.Dump {
	t.Helper()
	dump, err := envoy.Parse(strings.NewReader(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [` + secret + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return dump
}

// certified is a dump of a proxy whose certificate ends at a time.
func certified(t *testing.T, end time.Time) *envoy.Dump {
	t.Helper()
	from := end.Add(-365 * 24 * time.Hour)
	chain, err := json.Marshal(string(block(newAuthority(t, from, end).leaf(t, from, end))))
	if err != nil {
		t.Fatal(err)
	}
	return holding(t, `{"name": "default", "secret": {"tls_certificate": {"certificate_chain": {"inline_string": `+string(chain)+`}}}}`)
}

func TestWhatIsLeftOfACertificate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	day := 24 * time.Hour
	for _, row := range []struct {
		left time.Duration
		days int
		text string
	}{
		{90*day + time.Hour, 90, "90d"},
		{2 * day, 2, "2d"},
		{2*day - time.Minute, 1, "47h"},
		{time.Hour, 0, "1h"},
		{0, 0, "0h"},
		{-time.Second, -1, "expired"},
		{-day, -1, "expired"},
		{-day - time.Second, -2, "expired"},
	} {
		got := CertificateOf(certified(t, now.Add(row.left)), now)
		if got == nil {
			t.Errorf("%s: no certificate", row.left)
			continue
		}
		if got.DaysLeft != row.days || got.text() != row.text || got.Identity != identity || got.Serial != "02" || !got.NotAfter.Equal(now.Add(row.left)) {
			t.Errorf("%s: %+v as %q, want %d days as %q", row.left, *got, got.text(), row.days, row.text)
		}
	}
}

func TestAProxyWithoutACertificate(t *testing.T) {
	for name, dump := range map[string]*envoy.Dump{
		"not read":             nil,
		"no secret":            holding(t, ""),
		"a secret of no chain": holding(t, `{"name": "default", "secret": {"tls_certificate": {}}}`),
		"a chain of no PEM":    holding(t, `{"name": "default", "secret": {"tls_certificate": {"certificate_chain": {"inline_string": "hello"}}}}`),
	} {
		got := CertificateOf(dump, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		if got != nil {
			t.Errorf("%s: %+v", name, got)
		}
		if text := got.text(); text != "-" {
			t.Errorf("%s: shown as %q", name, text)
		}
	}
}
