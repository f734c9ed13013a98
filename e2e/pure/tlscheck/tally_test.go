package tlscheck

import (
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestExitCode(t *testing.T) {
	for _, row := range []struct {
		found Tally
		code  int
	}{
		{Tally{Rows: map[Status]int{OK: 3}}, ExitOK},
		{Tally{Rows: map[Status]int{OK: 1, Unknown: 1}}, ExitUnknown},
		{Tally{Rows: map[Status]int{OK: 3, Unknown: 0, Plaintext: 0}}, ExitOK},
		{Tally{Rows: map[Status]int{OK: 3}, AlsoPlaintext: 1}, ExitOK},
		{Tally{Rows: map[Status]int{}}, ExitUnknown},
		{Tally{}, ExitUnknown},
	} {
		if got := row.found.ExitCode(false); got != row.code {
			t.Errorf("%v: %d, want %d", row.found, got, row.code)
		}
	}
	for _, status := range []Status{Plaintext, Conflict, Mismatch} {
		found := Tally{Rows: map[Status]int{OK: 1, Unknown: 1, status: 1}}
		if got := found.ExitCode(false); got != ExitNotOK {
			t.Errorf("%s: %d", status, got)
		}
	}
}

func TestAServiceThatAlsoTakesPlaintextIsNotOKWhereStrictIsRequired(t *testing.T) {
	var found Tally
	found.Add(Of(product, []Hop{answered(8080, hop.MTLS)}))
	if found.AlsoPlaintext != 1 || found.ExitCode(false) != ExitOK || found.ExitCode(true) != ExitNotOK {
		t.Errorf("%+v: %d, and %d where STRICT is required", found, found.ExitCode(false), found.ExitCode(true))
	}
	strict := answered(8080, hop.MTLS)
	strict.Asked.Server.Mode = "STRICT"
	var none Tally
	none.Add(Of(product, []Hop{strict}))
	if none.AlsoPlaintext != 0 || none.ExitCode(true) != ExitOK {
		t.Errorf("%+v", none)
	}
}
