package mesh

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	thisYear = Validity{From: noon.Add(-time.Hour), To: noon.AddDate(1, 0, 0)}
)

const identity hop.Identity = "spiffe://cluster.local/ns/clients/sa/plain-client"

func newCA(t *testing.T) (root, intermediate *CA) {
	t.Helper()
	root, err := NewRoot("a root", thisYear)
	if err != nil {
		t.Fatal(err)
	}
	intermediate, err = root.Intermediate("an intermediate", thisYear)
	if err != nil {
		t.Fatal(err)
	}
	return root, intermediate
}

func verify(t *testing.T, pair KeyPair, root string, at time.Time, host string) error {
	t.Helper()
	read, err := tls.X509KeyPair([]byte(pair.Chain), []byte(pair.Key))
	if err != nil {
		t.Fatal(err)
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at, DNSName: host, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	options.Roots.AppendCertsFromPEM([]byte(root))
	for _, der := range read.Certificate[1:] {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		options.Intermediates.AddCert(certificate)
	}
	_, err = read.Leaf.Verify(options)
	return err
}

func TestWorkloadCertificatesAreOfTheFormThatIstiodSigns(t *testing.T) {
	root, intermediate := newCA(t)
	for name, ca := range map[string]*CA{"root": root, "intermediate": intermediate} {
		pair, err := ca.Workload(identity, thisYear)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(t, pair, root.PEM(), noon, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		read, _ := tls.X509KeyPair([]byte(pair.Chain), []byte(pair.Key))
		if len(read.Leaf.URIs) != 1 || read.Leaf.URIs[0].String() != string(identity) || read.Leaf.Subject.String() != "" {
			t.Errorf("%s: URIs %v, subject %q", name, read.Leaf.URIs, read.Leaf.Subject)
		}
		if strings.Contains(pair.Chain, root.PEM()) {
			t.Errorf("%s: the chain holds the root", name)
		}
	}
}

func TestValidityDecides(t *testing.T) {
	root, intermediate := newCA(t)
	for name, test := range map[string]struct {
		valid Validity
		want  bool
	}{
		"valid":         {Validity{noon.Add(-time.Hour), noon.Add(time.Hour)}, true},
		"expired":       {Validity{noon.Add(-2 * time.Hour), noon.Add(-time.Hour)}, false},
		"not yet valid": {Validity{noon.Add(time.Hour), noon.Add(2 * time.Hour)}, false},
	} {
		pair, err := intermediate.Workload(identity, test.valid)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(t, pair, root.PEM(), noon, ""); (err == nil) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyItsOwnRootVouchesForACertificate(t *testing.T) {
	root, intermediate := newCA(t)
	foreign, _ := newCA(t)
	signed, err := intermediate.Workload(identity, thisYear)
	if err != nil {
		t.Fatal(err)
	}
	self, err := SelfSigned(identity, thisYear)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, signed, foreign.PEM(), noon, ""); err == nil {
		t.Error("a foreign root vouches for it")
	}
	if err := verify(t, self, root.PEM(), noon, ""); err == nil {
		t.Error("a root vouches for a self-signed certificate")
	}
}

func TestHostCertificatesProveEachName(t *testing.T) {
	root, _ := newCA(t)
	pair, err := root.Host(fixture.Own().ApplicationNames(), thisYear)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"product-service.default.svc.cluster.local", "legacy-service.default.svc.cluster.local", "legacy-service"} {
		if err := verify(t, pair, root.PEM(), noon, host); err != nil {
			t.Error(err)
		}
	}
	if err := verify(t, pair, root.PEM(), noon, "ingress.products.test"); err == nil {
		t.Error("it proves a name that it does not hold")
	}
}

func TestACAReadBackSigns(t *testing.T) {
	root, intermediate := newCA(t)
	written, err := intermediate.pair()
	if err != nil {
		t.Fatal(err)
	}
	read, err := readCA(written)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := read.Workload(identity, thisYear)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, pair, root.PEM(), noon, ""); err != nil {
		t.Error(err)
	}
	if _, err := readCA(pair); err == nil || !strings.Contains(err.Error(), "is no CA") {
		t.Errorf("a leaf is read as a CA: %v", err)
	}
}

func TestAnIdentityIsASPIFFEID(t *testing.T) {
	if _, err := SelfSigned("https://products.test", thisYear); err == nil {
		t.Error("a certificate was made")
	}
}

func TestAKeyIsNotPrinted(t *testing.T) {
	pair, err := SelfSigned(identity, thisYear)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%s"} {
		if printed := fmt.Sprintf(format, pair); strings.Contains(printed, "PRIVATE") {
			t.Errorf("%s prints %s", format, printed)
		}
	}
}
