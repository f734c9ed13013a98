package artifact

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"testing/fstest"
)

func TestASecretIsFoundInWhateverFormItLeaks(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	content := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	private, err := PrivateKey("the key", content)
	if err != nil {
		t.Fatal(err)
	}
	token := Token("the token", "head.body.signature-of-some-length")
	lines := strings.Split(string(content), "\n")
	for name, test := range map[string]struct {
		content string
		canary  Canary
		found   bool
	}{
		"the file":              {string(content), private, true},
		"as a JSON string":      {strings.ReplaceAll(string(content), "\n", `\n`), private, true},
		"one line of it":        {"x " + lines[1] + " y", private, true},
		"its bytes":             {string(der), private, true},
		"as a Secret has it":    {base64.StdEncoding.EncodeToString(content), private, true},
		"its type alone":        {lines[0], private, false},
		"a header":              {"authorization: Bearer head.body.signature-of-some-length", token, true},
		"a token in base64":     {base64.StdEncoding.EncodeToString([]byte("head.body.signature-of-some-length")), token, true},
		"a token's claims only": {"head.body.", token, false},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Search(fstest.MapFS{"a/file": {Data: []byte(test.content)}}, []Canary{private, token})
			if err != nil || (len(found) == 1) != test.found || test.found && found[0] != "a/file holds "+test.canary.Name {
				t.Errorf("%q, %v", found, err)
			}
		})
	}
	if _, err := PrivateKey("nothing", []byte("no PEM")); err == nil {
		t.Error("what is no key is taken for one")
	}
}
