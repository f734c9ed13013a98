package envoy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// noon is a time at which the certificates made here are valid, an hour before and after.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// authority is a certificate with the key to sign by.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// sign makes a certificate by an authority, or a root by none.
func sign(t *testing.T, by *authority, key crypto.Signer, edit func(*x509.Certificate)) authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{Organization: []string{"test"}},
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour), BasicConstraintsValid: true,
	}
	edit(template)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate: certificate, key: key}
}

func ecdsaKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ca(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.Subject.CommonName = true, x509.KeyUsageCertSign, name
	}
}

func workload(identity string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		uri, err := url.Parse(identity)
		if err != nil {
			panic(err)
		}
		c.URIs, c.Subject = []*url.URL{uri}, pkix.Name{}
	}
}

func secretOf(chain ...authority) *SecretFacts {
	facts := &SecretFacts{Name: WorkloadSecret}
	var all []CertificateFacts
	for _, one := range chain {
		all = append(all, certificateFacts(one.certificate))
	}
	facts.readChain(all)
	return facts
}

func trusting(roots ...authority) *SecretFacts {
	facts := &SecretFacts{Name: RootSecret}
	for _, one := range roots {
		facts.Roots = append(facts.Roots, certificateFacts(one.certificate))
	}
	return facts
}

const (
	theClient = "spiffe://cluster.local/ns/clients/sa/client"
	theServer = "spiffe://cluster.local/ns/default/sa/product-service"
)

// authorities are a root and an intermediate that it has signed.
func authorities(t *testing.T) (root, intermediate authority) {
	t.Helper()
	root = sign(t, nil, ecdsaKey(t), ca("root"))
	return root, sign(t, &root, ecdsaKey(t), ca("intermediate"))
}

// pair is a client and a server that satisfy each other by real certificates.
func pair(t *testing.T, root, intermediate authority) (client Hello, server ServerEnd) {
	t.Helper()
	mine := sign(t, &intermediate, ecdsaKey(t), workload(theClient))
	theirs := sign(t, &intermediate, ecdsaKey(t), workload(theServer))
	client = Hello{SNI: "a", TLSContext: TLSContext{
		CertificateSecret: WorkloadSecret, ValidationSecret: RootSecret, Certificate: secretOf(mine, intermediate), Roots: trusting(root),
		SANs: []string{"exact:" + theServer}, MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3",
	}}
	server = ServerEnd{RequireClientCertificate: true, TLSContext: TLSContext{
		CertificateSecret: WorkloadSecret, ValidationSecret: RootSecret, Certificate: secretOf(theirs, intermediate), Roots: trusting(root),
		SANs: []string{"prefix:spiffe://cluster.local/"}, MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3",
	}}
	return client, server
}

func TestAHandshakeIsRefusedByItsFirstCause(t *testing.T) {
	root, intermediate := authorities(t)
	foreign := sign(t, nil, ecdsaKey(t), ca("foreign"))
	// It claims the mesh's root by name, and has another key.
	namesake := sign(t, nil, ecdsaKey(t), ca("root"))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		edit func(c *Hello, s *ServerEnd)
		want hop.Refusal
		says hop.Outcome
	}{
		"both satisfied":                {func(*Hello, *ServerEnd) {}, "", hop.MTLS},
		"another authority's roots too": {func(_ *Hello, s *ServerEnd) { s.Roots = trusting(foreign, root) }, "", hop.MTLS},
		"the intermediate is trusted":   {func(_ *Hello, s *ServerEnd) { s.Roots = trusting(intermediate) }, "", hop.MTLS},
		"a chain without intermediate":  {func(c *Hello, _ *ServerEnd) { c.Certificate.Chain = c.Certificate.Chain[:1] }, hop.UnknownCA, ""},
		"no certificate":                {func(c *Hello, _ *ServerEnd) { c.CertificateSecret = "" }, hop.NoClientCertificate, ""},
		"no certificate, none required": {func(c *Hello, s *ServerEnd) { c.CertificateSecret, s.RequireClientCertificate = "", false }, "", hop.OneWayTLS},
		"none asked for":                {func(_ *Hello, s *ServerEnd) { s.ValidationSecret = "" }, "", hop.OneWayTLS},
		"self-signed": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, nil, ecdsaKey(t), workload(theClient)))
		}, hop.UnknownCA, ""},
		"a foreign authority": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, &foreign, ecdsaKey(t), workload(theClient)))
		}, hop.UnknownCA, ""},
		"an authority of the same name": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, &namesake, ecdsaKey(t), workload(theClient)))
		}, hop.UnknownCA, ""},
		"expired": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, &root, ecdsaKey(t), func(x *x509.Certificate) {
				workload(theClient)(x)
				x.NotAfter = noon.Add(-time.Minute)
			}))
		}, hop.Expired, ""},
		"not yet valid": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, &root, ecdsaKey(t), func(x *x509.Certificate) {
				workload(theClient)(x)
				x.NotBefore = noon.Add(time.Minute)
			}))
		}, hop.Expired, ""},
		"expired and foreign": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, &foreign, ecdsaKey(t), func(x *x509.Certificate) {
				workload(theClient)(x)
				x.NotAfter = noon.Add(-time.Minute)
			}))
		}, hop.UnknownCA, ""},
		"an expired intermediate": {func(c *Hello, _ *ServerEnd) {
			old := sign(t, &root, ecdsaKey(t), func(x *x509.Certificate) {
				ca("old")(x)
				x.NotAfter = noon.Add(-time.Minute)
			})
			c.Certificate = secretOf(sign(t, &old, ecdsaKey(t), workload(theClient)), old)
		}, hop.Expired, ""},
		"another trust domain": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, &root, ecdsaKey(t), workload("spiffe://elsewhere/ns/clients/sa/client")))
		}, hop.WrongTrustDomain, ""},
		"a trust domain that begins alike": {func(c *Hello, _ *ServerEnd) {
			c.Certificate = secretOf(sign(t, &root, ecdsaKey(t), workload("spiffe://cluster.local.elsewhere/ns/clients/sa/client")))
		}, hop.WrongTrustDomain, ""},
		"an alias of the trust domain": {func(c *Hello, s *ServerEnd) {
			c.Certificate = secretOf(sign(t, &root, ecdsaKey(t), workload("spiffe://old/ns/clients/sa/client")))
			s.SANs = append(s.SANs, "prefix:spiffe://old/")
		}, "", hop.MTLS},
		"another server":                {func(c *Hello, _ *ServerEnd) { c.SANs = []string{"exact:spiffe://cluster.local/ns/default/sa/other"} }, hop.WrongSAN, ""},
		"one of several servers":        {func(c *Hello, _ *ServerEnd) { c.SANs = append(c.SANs, "exact:other") }, "", hop.MTLS},
		"no server's name in demand":    {func(c *Hello, _ *ServerEnd) { c.SANs = nil }, "", hop.MTLS},
		"the server's authority":        {func(c *Hello, _ *ServerEnd) { c.Roots = trusting(foreign) }, hop.UnknownServerCA, ""},
		"both ends' authorities":        {func(c *Hello, s *ServerEnd) { c.Roots, s.Roots = trusting(foreign), trusting(foreign) }, hop.UnknownServerCA, ""},
		"TLS 1.2 at a server of 1.3":    {func(c *Hello, s *ServerEnd) { c.MaxTLS, s.MinTLS = "TLSv1_2", "TLSv1_3" }, hop.ProtocolVersion, ""},
		"TLS 1.1":                       {func(c *Hello, _ *ServerEnd) { c.MinTLS, c.MaxTLS = "TLSv1_1", "TLSv1_1" }, hop.ProtocolVersion, ""},
		"no version is written":         {func(c *Hello, s *ServerEnd) { c.MinTLS, c.MaxTLS, s.MinTLS, s.MaxTLS = "", "", "", "" }, "", hop.MTLS},
		"Envoy's client and TLS 1.3":    {func(c *Hello, s *ServerEnd) { c.MinTLS, c.MaxTLS, s.MinTLS = "", "", "TLSv1_3" }, hop.ProtocolVersion, ""},
		"the version before the cipher": {func(c *Hello, s *ServerEnd) { c.MaxTLS, s.MinTLS, s.Ciphers = "TLSv1_2", "TLSv1_3", []string{"X"} }, hop.ProtocolVersion, ""},
		"other ciphers, TLS 1.2":        {func(c *Hello, s *ServerEnd) { c.MaxTLS, s.Ciphers = "TLSv1_2", []string{"AES128-SHA"} }, hop.NoSharedCipher, ""},
		"other ciphers, TLS 1.3":        {func(_ *Hello, s *ServerEnd) { s.Ciphers = []string{"AES128-SHA"} }, "", hop.MTLS},
		"a cipher for another key": {func(c *Hello, s *ServerEnd) {
			c.MaxTLS, s.Ciphers = "TLSv1_2", []string{"ECDHE-RSA-AES256-GCM-SHA384"}
		}, hop.NoSharedCipher, ""},
		"a cipher for the key": {func(c *Hello, s *ServerEnd) {
			c.MaxTLS, s.Ciphers = "TLSv1_2", []string{"ECDHE-RSA-AES256-GCM-SHA384"}
			s.Certificate = secretOf(sign(t, &root, rsaKey, workload(theServer)))
		}, "", hop.MTLS},
		"a group of ciphers": {func(c *Hello, s *ServerEnd) {
			c.MaxTLS, s.Ciphers = "TLSv1_2", []string{"[AES128-SHA|ECDHE-ECDSA-AES128-GCM-SHA256]"}
		}, "", hop.MTLS},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client, server := pair(t, root, intermediate)
			test.edit(&client, &server)
			got := negotiate(client, server, noon)
			says := hop.Outcome("")
			switch {
			case !got.failed && got.mutual:
				says = hop.MTLS
			case !got.failed:
				says = hop.OneWayTLS
			}
			if got.refusal != test.want || says != test.says || got.failed && got.why == "" || len(got.assumed) > 0 {
				t.Errorf("got %q %q (%s), assumed %q; want %q %q", says, got.refusal, got.why, got.assumed, test.says, test.want)
			}
			if got.mutual && got.peer == "" {
				t.Error("no peer")
			}
		})
	}
}

func TestAServersCertificateOutsideItsValidityIsRefused(t *testing.T) {
	root, intermediate := authorities(t)
	client, server := pair(t, root, intermediate)
	if got := negotiate(client, server, noon.Add(2*time.Hour)); !got.failed || got.refusal != "" || !strings.Contains(got.why, "the server's certificate is not valid") {
		t.Errorf("got %+v", got)
	}
	if got := negotiate(client, server, time.Time{}); got.failed {
		t.Errorf("where no time is given: got %+v", got)
	}
}

func TestWhatASecretWouldDecideThatIsNotThereIsAssumedByName(t *testing.T) {
	root, intermediate := authorities(t)
	client, server := pair(t, root, intermediate)
	client.Certificate, client.Roots = nil, nil
	got := negotiate(client, server, noon)
	if got.failed || !got.mutual || len(got.assumed) != 2 {
		t.Errorf("got %+v", got)
	}
	if !slices.ContainsFunc(got.assumed, func(s string) bool { return strings.Contains(s, "client's certificate") }) {
		t.Errorf("assumed %q", got.assumed)
	}
}

func TestADNSNameIsHeldByItsWildcard(t *testing.T) {
	tests := []struct {
		wanted, held string
		want         bool
	}{
		{"exact:a.example.com", "a.example.com", true},
		{"exact:a.example.com", "*.example.com", true},
		{"exact:a.b.example.com", "*.example.com", false},
		{"exact:example.com", "*.example.com", false},
		{"suffix:.example.com", "a.example.com", true},
		{"contains:exam", "a.example.com", true},
		{"prefix:b", "a.example.com", false},
	}
	for _, test := range tests {
		if got, decided := holdsName([]string{test.wanted}, []string{test.held}); got != test.want || !decided {
			t.Errorf("%s by %s: got %v, decided %v", test.wanted, test.held, got, decided)
		}
	}
	if _, decided := holdsName([]string{"safe_regex"}, []string{"a"}); decided {
		t.Error("a regular expression was decided")
	}
}
