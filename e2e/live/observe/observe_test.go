package observe

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/seen"
)

func TestAnApplicationTellsHowItWasReachedWhereItHasHeaders(t *testing.T) {
	inTLS := seen.Record{ID: "r-1", Headers: map[string]string{seen.XFCC: "URI=spiffe://a/ns/b/sa/c"}}
	bare := seen.Record{ID: "r-1"}
	damaged := seen.Record{ID: "r-1", Headers: map[string]string{seen.XFCC: "By=spiffe://a/ns/b/sa/d"}}
	for name, test := range map[string]struct {
		headers bool
		records []seen.Record
		failed  error
		says    hop.Outcome
		client  hop.Identity
		why     string
	}{
		"with a certificate":      {true, []seen.Record{inTLS}, nil, hop.MTLS, "spiffe://a/ns/b/sa/c", ""},
		"without":                 {true, []seen.Record{bare}, nil, hop.Plaintext, "", ""},
		"by TCP":                  {false, []seen.Record{bare}, nil, hop.Served, "", ""},
		"not at all":              {false, nil, nil, hop.Absent, "", ""},
		"twice":                   {false, []seen.Record{bare, bare}, nil, "", "", "2 times"},
		"it could not be asked":   {true, nil, errors.New("no route"), "", "", "no route"},
		"by a header without URI": {true, []seen.Record{damaged}, nil, "", "", seen.XFCC},
	} {
		got := Application(server, "r-1", test.headers, test.records, test.failed)
		if got.Says != test.says || !strings.Contains(strings.ToLower(got.Missing), strings.ToLower(test.why)) || (got.Missing == "") != (test.why == "") {
			t.Errorf("%s: %+v", name, got)
		}
		if (got.TLS != nil) != (test.client != "") || got.TLS != nil && got.TLS.Peer != test.client {
			t.Errorf("%s: the client is %+v", name, got.TLS)
		}
	}
}

func TestASocketTellsWhatBecameOfItsRequest(t *testing.T) {
	local := netip.MustParseAddrPort("10.0.0.5:1000")
	for name, test := range map[string]struct {
		result call.Result
		says   hop.Outcome
		why    string
	}{
		"answered":           {call.Result{Local: local, Seen: &seen.Record{ID: "r-1"}}, hop.Plaintext, ""},
		"reset":              {call.Result{Local: local, Error: "connection reset"}, hop.Refused, ""},
		"it never connected": {call.Result{Error: "no route"}, "", "it did not connect: no route"},
	} {
		got := Socket(server, test.result)
		if got.Says != test.says || got.Missing != test.why || got.Conn.Source != test.result.Local || got.Symptom.Error != test.result.Error {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
