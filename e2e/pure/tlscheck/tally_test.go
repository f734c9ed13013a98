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
		if got := row.found.ExitCode(Gate{}); got != row.code {
			t.Errorf("%v: %d, want %d", row.found, got, row.code)
		}
	}
	for _, status := range []Status{Plaintext, Conflict, Mismatch} {
		found := Tally{Rows: map[Status]int{OK: 1, Unknown: 1, status: 1}}
		if got := found.ExitCode(Gate{}); got != ExitNotOK {
			t.Errorf("%s: %d", status, got)
		}
	}
}

func TestAServiceThatAlsoTakesPlaintextIsNotOKWhereStrictIsRequired(t *testing.T) {
	var found Tally
	found.Add(Of(product, []Hop{answered(8080, hop.MTLS)}))
	if found.AlsoPlaintext != 1 || found.ExitCode(Gate{}) != ExitOK || found.ExitCode(Gate{RequireStrict: true}) != ExitNotOK {
		t.Errorf("%+v: %d, and %d where STRICT is required", found, found.ExitCode(Gate{}), found.ExitCode(Gate{RequireStrict: true}))
	}
	strict := answered(8080, hop.MTLS)
	strict.Asked.Server.Mode = "STRICT"
	var none Tally
	none.Add(Of(product, []Hop{strict}))
	if none.AlsoPlaintext != 0 || none.ExitCode(Gate{RequireStrict: true}) != ExitOK {
		t.Errorf("%+v", none)
	}
}

func TestHopsOfAmbientModeMayBeLeftOutOfTheExitCode(t *testing.T) {
	ambient := answered(8080, "")
	ambient.Ambient = true
	var found Tally
	found.Add(Of(product, []Hop{answered(80, hop.MTLS), ambient, ambient}))
	if found.Unknown != 2 || found.UnknownAmbient != 2 || found.ExitCode(Gate{}) != ExitUnknown || found.ExitCode(Gate{IgnoreAmbient: true}) != ExitOK {
		t.Errorf("%+v", found)
	}
	var alone Tally
	alone.Add(Of(product, []Hop{ambient}))
	if alone.ExitCode(Gate{IgnoreAmbient: true}) != ExitUnknown {
		t.Errorf("nothing but ambient is no check: %+v", alone)
	}
}
