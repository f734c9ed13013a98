package envoy

import (
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

func TestNoPrivateKeyIsKept(t *testing.T) {
	d := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [
		{"name": "default", "secret": {"tls_certificate": {"private_key": {"inline_string": "the key itself"}}}}]}]}`)
	facts, err := d.Secret("default")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	kept := string(text) + string(d.secrets["default"].chain) + string(d.secrets["default"].roots)
	if strings.Contains(kept, "the key itself") {
		t.Errorf("kept in %s", kept)
	}
}

func TestASecretThatHoldsNoCertificateIsAnError(t *testing.T) {
	tests := map[string]struct{ chain, want string }{
		"a file":        {`{"filename": "/etc/certs/cert.pem"}`, "/etc/certs/cert.pem"},
		"no PEM":        {`{"inline_string": "hello"}`, "no PEM certificate"},
		"a broken one":  {`{"inline_string": "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"}`, "certificate 0"},
		"nothing":       {`{}`, "no content"},
		"another shape": {`{"inline_bytes": 7}`, "inlineBytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump.DynamicSecret",
				"name": "default", "secret": {"tls_certificate": {"certificate_chain": `+test.chain+`}}}]}`).Secret("default")
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "certificate of secret default") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAChainInPEMIsReadLikeAProxys(t *testing.T) {
	root, intermediate := authorities(t)
	leaf := sign(t, &intermediate, ecdsaKey(t), workload(theClient))
	var blocks []byte
	for _, one := range []authority{leaf, intermediate} {
		blocks = append(blocks, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.certificate.Raw})...)
	}
	got, err := ReadChain(blocks)
	if err != nil || got.Identity != theClient || len(got.Chain) != 2 || got.Key != "ECDSA P-256" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if path(got.Chain, trusting(root).Roots) == nil {
		t.Error("it does not lead to its root")
	}
	if _, err := ReadChain([]byte("hello")); err == nil || !strings.Contains(err.Error(), "read certificate chain") {
		t.Errorf("got %v", err)
	}
}

func TestACertificateIsValidAtBothEndsOfItsTime(t *testing.T) {
	c := CertificateFacts{NotBefore: noon, NotAfter: noon.Add(time.Hour)}
	for at, want := range map[time.Time]bool{
		noon.Add(-time.Second): false, noon: true, noon.Add(time.Hour): true, noon.Add(time.Hour + time.Second): false,
	} {
		if got := c.ValidAt(at); got != want {
			t.Errorf("at %v: got %v", at, got)
		}
	}
}
