package replay

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

const whole = `
title: A title
url: https://github.com/istio/istio/issues/1
source: [a document]
observed: It was seen.
expect:
- {client: web/cart, to: "orders.shop:8080", endpoint: shop/orders, status: OK}
- {client: web/cart, to: "orders.shop:9000", endpoint: shop/orders, status: UNKNOWN, wire: unanswered, says: [because]}
`

func TestAReportThatIsWrongIsRefusedWithItsFileAndReason(t *testing.T) {
	for name, test := range map[string]struct{ old, new, want string }{
		"right":                {"", "", ""},
		"no title":             {"title: A title", "", "title is missing"},
		"unknown field":        {"title:", "titel:", "titel"},
		"no row":               {whole[strings.Index(whole, "expect:"):], "expect: []", "expect has no row"},
		"no namespace":         {"web/cart, to: \"orders.shop:8080\"", "cart, to: \"orders.shop:8080\"", `client "cart": want NAMESPACE/NAME`},
		"no port":              {"orders.shop:8080", "orders.shop", "is not SERVICE:PORT"},
		"unknown status":       {"status: OK", "status: FINE", `status "FINE" is none`},
		"no wire for UNKNOWN":  {"wire: unanswered, ", "", "status UNKNOWN needs wire"},
		"unknown wire":         {"wire: unanswered", "wire: odd", `wire "odd"`},
		"an endpoint is empty": {"endpoint: shop/orders, status: OK", "status: OK", "endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := fstest.MapFS{"R99/report.yaml": {Data: []byte(strings.Replace(whole, test.old, test.new, 1))}}
			all, err := Load(folder)
			if test.want == "" {
				if err != nil || len(all) != 1 || all[0].ID != "R99" || len(all[0].Expect) != 2 {
					t.Errorf("got %+v, %v", all, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "R99/report.yaml") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("an empty folder has reports")
	}
}

func TestARowDiffersByItsStatusOrByWhatIsSaid(t *testing.T) {
	row := Row{Client: "web/cart", To: hop.ServicePort{Service: "orders.shop", Port: 8080}, Endpoint: "shop/orders", Status: tlscheck.Conflict, Says: []string{"excluded"}}
	told := func(status tlscheck.Status, reason, note string) tlscheck.Host {
		h := tlscheck.Hop{Client: "web/cart", Port: 8080, Endpoint: "shop/orders", Status: status, Reason: reason}
		return tlscheck.Host{Host: "orders.shop.svc.cluster.local", Notes: []string{note}, Rows: []tlscheck.Row{{Hops: []tlscheck.Hop{h}}}}
	}
	for name, test := range map[string]struct {
		row  Row
		told tlscheck.Host
		want string // part of the difference; empty for none
	}{
		"the same by the reason":  {row, told(tlscheck.Conflict, "port 8080 is excluded", ""), ""},
		"the same by a note":      {row, told(tlscheck.Conflict, "", "port 8080 is excluded"), ""},
		"another status":          {row, told(tlscheck.OK, "port 8080 is excluded", ""), "OK, want CONFLICT"},
		"nothing is said":         {row, told(tlscheck.Conflict, "", ""), `has "excluded"`},
		"no row":                  {row, tlscheck.Host{}, "no row is of it"},
		"no row for an address":   {Row{Client: "web/cart", To: hop.ServicePort{Service: "orders.shop", Port: 8080}, Endpoint: "shop/orders", Address: true}, told(tlscheck.OK, "", ""), "by its address: no row is of it"},
		"a row of another client": {Row{Client: "web/other", To: hop.ServicePort{Service: "orders.shop", Port: 8080}, Endpoint: "shop/orders"}, told(tlscheck.OK, "", ""), "no row is of it"},
	} {
		if got := test.row.Differs(test.told); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestPacketsShowWhatTheStatusSaysUnlessTheRowTells(t *testing.T) {
	for name, test := range map[string]struct {
		row  Row
		want Wire
	}{
		"OK":        {Row{Status: tlscheck.OK}, Encrypted},
		"PLAINTEXT": {Row{Status: tlscheck.Plaintext}, Clear},
		"CONFLICT":  {Row{Status: tlscheck.Conflict}, Unanswered},
		"told":      {Row{Status: tlscheck.Plaintext, Wire: Unanswered}, Unanswered},
		"UNKNOWN":   {Row{Status: tlscheck.Unknown}, ""},
	} {
		if got := test.row.Shows(); got != test.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for name, test := range map[string]struct {
		answered bool
		says     hop.Outcome
		want     Wire
	}{
		"answered over TLS":      {true, hop.Encrypted, Encrypted},
		"answered in the clear":  {true, hop.Plaintext, Clear},
		"answered, and not seen": {true, hop.Absent, ""},
		"denied in the clear":    {false, hop.Plaintext, Unanswered},
	} {
		if got := WireOf(test.answered, test.says); got != test.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestTheTableNamesEachReportWithWhatIsPending(t *testing.T) {
	var table strings.Builder
	err := WriteTable(&table, []Report{
		{ID: "R1", Title: "One", URL: "https://github.com/istio/istio/issues/1", Shown: []string{"a", "b"}},
		{ID: "R2", Title: "Two", URL: "https://example.com/2", Pending: "not yet"},
	})
	want := `| report | what must be told | of | also shown by |
|---|---|---|---|
| R1 | One | [istio/istio #1](https://github.com/istio/istio/issues/1) | a, b |
| R2 | Two (pending: not yet) | [https://example.com/2](https://example.com/2) |  |
`
	if diff := cmp.Diff(want, table.String()); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
