package accesslog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
)

// header was received by an application behind a sidecar.
const header = `By=spiffe://cluster.local/ns/envoylab/sa/server;Hash=079b43dc9ac2e20de4733c52e88dc5f4d6711f2a843846cee9d660f12c5dcaca;Subject="";URI=spiffe://cluster.local/ns/envoylab/sa/client`

func TestXFCCElementsAreRead(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []Element
	}{
		"a sidecar's": {header, []Element{{
			By:   []string{"spiffe://cluster.local/ns/envoylab/sa/server"},
			Hash: "079b43dc9ac2e20de4733c52e88dc5f4d6711f2a843846cee9d660f12c5dcaca",
			URI:  []string{"spiffe://cluster.local/ns/envoylab/sa/client"},
		}}},
		"keys in any case":    {`by=a;HASH=b;uri=c`, []Element{{By: []string{"a"}, Hash: "b", URI: []string{"c"}}}},
		"two proxies":         {`URI=a,URI=b`, []Element{{URI: []string{"a"}}, {URI: []string{"b"}}}},
		"a space after comma": {`URI=a, URI=b`, []Element{{URI: []string{"a"}}, {URI: []string{"b"}}}},
		"repeated keys":       {`URI=a;URI=b;DNS=c;DNS=d`, []Element{{URI: []string{"a", "b"}, DNS: []string{"c", "d"}}}},
		"quoted separators":   {`Subject="CN=a, O=\"b;c\\\"";URI=d`, []Element{{Subject: `CN=a, O="b;c\"`, URI: []string{"d"}}}},
		"equals in a value":   {`Subject=CN=a;Cert=x%3D`, []Element{{Subject: "CN=a", Cert: "x%3D"}}},
		"a key of the future": {`Cipher=x;URI=a`, []Element{{URI: []string{"a"}}}},
		"an empty value":      {`Chain=;URI=a`, []Element{{URI: []string{"a"}}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseXFCC(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMalformedXFCCIsRefusedWithThePlace(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"nothing":              {``, "element 0 from byte 0"},
		"no pair":              {`hello`, "is not KEY=VALUE"},
		"no second element":    {`URI=a,`, "element 1 from byte 6"},
		"an open quote":        {`Subject="a;URI=b`, "no closing quote"},
		"an escape of nothing": {`Subject="a\`, "nothing after a backslash"},
		"text after a quote":   {`Subject="a"b;URI=c`, "after the closing quote"},
		"a long one is cut":    {strings.Repeat("x", 1000), "…"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseXFCC(test.in)
			if err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 200 {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestTheLastElementSpeaksOfTheLastHop(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		says hop.Outcome
		peer hop.Identity
	}{
		"no header":               {"", hop.Plaintext, ""},
		"one proxy":               {header, hop.MTLS, "spiffe://cluster.local/ns/envoylab/sa/client"},
		"one before it":           {`By=x;URI=spiffe://edge,` + header, hop.MTLS, "spiffe://cluster.local/ns/envoylab/sa/client"},
		"no identity in the last": {header + `,By=x;Hash=y`, "", ""},
		"malformed":               {`URI="`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			says, peer, err := Application(test.in)
			if says != test.says || peer != test.peer || (err == nil) != (test.says != "") {
				t.Errorf("got %q, %q, %v", says, peer, err)
			}
		})
	}
}

func FuzzParseXFCC(f *testing.F) {
	f.Add(header)
	f.Add(`Subject="a\"b",URI=c`)
	f.Fuzz(func(t *testing.T, in string) {
		elements, err := ParseXFCC(in)
		if (err == nil) != (len(elements) > 0) {
			t.Errorf("got %v, %v", elements, err)
		}
	})
}
