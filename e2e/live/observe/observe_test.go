package observe

import (
	"errors"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/seen"
)

func TestAnApplicationTellsHowItWasReachedWhereItHasHeaders(t *testing.T) {
	inTLS := seen.Record{ID: "r-1", Headers: map[string]string{seen.XFCC: "URI=spiffe://a/ns/b/sa/c"}}
	bare := seen.Record{ID: "r-1"}
	for name, test := range map[string]struct {
		headers bool
		records []seen.Record
		failed  error
		says    hop.Outcome
	}{
		"with a certificate":    {true, []seen.Record{inTLS}, nil, hop.MTLS},
		"without":               {true, []seen.Record{bare}, nil, hop.Plaintext},
		"by TCP":                {false, []seen.Record{bare}, nil, hop.Served},
		"not at all":            {false, nil, nil, hop.Absent},
		"twice":                 {false, []seen.Record{bare, bare}, nil, ""},
		"it could not be asked": {true, nil, errors.New("no route"), ""},
	} {
		got := Application(server, "r-1", test.headers, test.records, test.failed)
		if got.Says != test.says || (got.Missing == "") != (test.says != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
