package envoy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/url"
	"slices"
	"testing"
	"time"
)

// signed makes a certificate of its own signature, in PEM.
func signed(t *testing.T, template x509.Certificate) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestACertificateIsForOneURIOrProvesNoIdentity(t *testing.T) {
	product := &url.URL{Scheme: "spiffe", Host: "cluster.local", Path: "/ns/default/sa/product-service"}
	order := &url.URL{Scheme: "spiffe", Host: "cluster.local", Path: "/ns/default/sa/order-service"}
	for name, test := range map[string]struct {
		uris  []*url.URL
		want  string
		names []string
	}{
		"none": {nil, "", []string{"product.test"}},
		"one":  {[]*url.URL{product}, product.String(), []string{"product.test"}},
		"two":  {[]*url.URL{product, order}, "", []string{"product.test", product.String(), order.String()}},
	} {
		t.Run(name, func(t *testing.T) {
			facts, err := readPEM(signed(t, x509.Certificate{URIs: test.uris, DNSNames: []string{"product.test"}}))
			if err != nil || len(facts) != 1 || string(facts[0].Identity) != test.want || !slices.Equal(facts[0].Names, test.names) {
				t.Errorf("%+v, %v", facts, err)
			}
		})
	}
}

func TestAbsurdDatesAreReadAsTheyStand(t *testing.T) {
	begin, end := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		from, to time.Time
		valid    bool
	}{
		"for ever":         {begin, end, true},
		"over before born": {end, begin, false},
	} {
		t.Run(name, func(t *testing.T) {
			facts, err := readPEM(signed(t, x509.Certificate{NotBefore: test.from, NotAfter: test.to}))
			if err != nil || len(facts) != 1 || facts[0].ValidAt(now) != test.valid {
				t.Errorf("%+v, %v", facts, err)
			}
		})
	}
}
