package verdict

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

func mirrored(port uint16) Copy {
	return Copy{
		From: "default/client", To: "default/naked", Request: "r", Sightings: 1,
		Conn: hop.FiveTuple{Source: netip.MustParseAddrPort("10.0.0.2:50001"), Destination: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.8"), port)},
	}
}

func TestACopyInClearOverridesWhatTheHopItselfShows(t *testing.T) {
	for name, row := range map[string]struct {
		result    hop.Result
		standsOut []string
		own       bool
		want      hop.Result
		found     bool
	}{
		"PASS":                      {hop.Pass, nil, false, hop.Mismatch, true},
		"PASS, its own connection":  {hop.Pass, nil, true, hop.Mismatch, true},
		"INCONCLUSIVE":              {hop.Inconclusive, nil, false, hop.Mismatch, true},
		"FAIL":                      {hop.Fail, nil, false, hop.Fail, false},
		"MISMATCH by an observer":   {hop.Mismatch, []string{"application"}, false, hop.Mismatch, false},
		"MISMATCH by configuration": {hop.Mismatch, []string{configuration}, false, hop.Mismatch, true},
		"MISMATCH by configuration, its own connection": {hop.Mismatch, []string{configuration}, true, hop.Mismatch, false},
	} {
		seen := mirrored(18080)
		seen.Own = row.own
		c := Case{Result: row.result, Checks: []Check{{Result: row.result, Reason: "before", StandsOut: row.standsOut}}}
		c.AddCopies(0, []Copy{seen})
		check := c.Checks[0]
		if check.Result != row.want || c.Result != row.want || (check.Finding == ClearCopy) != row.found {
			t.Errorf("%s: check %s, case %s, finding %q", name, check.Result, c.Result, check.Finding)
		}
		if row.found != slices.Equal(check.StandsOut, []string{string(hop.Wire)}) {
			t.Errorf("%s: %v stands out", name, check.StandsOut)
		}
		for _, part := range []string{"clear-copy", "default/client", "default/naked"} {
			if !strings.Contains(check.Reason, part) {
				t.Errorf("%s: %q lacks %q", name, check.Reason, part)
			}
		}
	}
}

func TestCopiesOfOneWayAreToldOnce(t *testing.T) {
	c := Case{Result: hop.Pass, Checks: []Check{{Result: hop.Pass}}}
	c.AddCopies(0, []Copy{mirrored(18080), mirrored(18080)})
	once := c.Checks[0].Reason
	c.AddCopies(0, []Copy{mirrored(18080)})
	if check := c.Checks[0]; len(check.Copies) != 1 || check.Copies[0].Sightings != 3 || check.Reason != once {
		t.Errorf("got %+v", check)
	}
	c.AddCopies(0, []Copy{mirrored(15051)})
	if check := c.Checks[0]; len(check.Copies) != 2 || !strings.Contains(check.Reason, ":15051") {
		t.Errorf("got %+v", check)
	}
}

func TestTheAnswerToACopyIsNoOtherCopy(t *testing.T) {
	answer := mirrored(18080)
	answer.From, answer.To = answer.To, answer.From
	answer.Conn.Source, answer.Conn.Destination = answer.Conn.Destination, answer.Conn.Source
	c := Case{Result: hop.Pass, Checks: []Check{{Result: hop.Pass}}}
	c.AddCopies(0, []Copy{mirrored(18080), answer})
	if check := c.Checks[0]; len(check.Copies) != 1 || check.Copies[0].Sightings != 2 {
		t.Errorf("got %+v", check)
	}
}

func TestAConnectionBeforeAndAfterServiceTranslationIsOneCopyThatNamesBothPods(t *testing.T) {
	before, after, back := mirrored(18080), mirrored(8080), mirrored(8080)
	before.To, before.Conn.Destination = OfService+"default/naked", netip.MustParseAddrPort("10.96.0.9:18080")
	back.From, back.To = after.To, after.From
	back.Conn.Source, back.Conn.Destination = after.Conn.Destination, after.Conn.Source
	for _, order := range [][]Copy{{before, after, back}, {after, before, back}, {before, back, after}} {
		c := Case{Result: hop.Pass, Checks: []Check{{Result: hop.Pass}}}
		c.AddCopies(0, order)
		copies := c.Checks[0].Copies
		if len(copies) != 1 || copies[0].Sightings != 3 || copies[0].untranslated() {
			t.Errorf("got %+v", copies)
		}
	}
}

func TestACopyOfBackgroundTrafficIsTheCases(t *testing.T) {
	c := Case{Result: hop.Pass, Checks: []Check{{Result: hop.Pass}}}
	c.AddCopies(-1, []Copy{mirrored(18080)})
	if c.Result != hop.Mismatch || !strings.Contains(c.Reason, "background traffic: clear-copy") {
		t.Errorf("got %s: %s", c.Result, c.Reason)
	}
	c.Conclude()
	if c.Result != hop.Mismatch {
		t.Errorf("concluded again it is %s: %s", c.Result, c.Reason)
	}
}

func TestAnInterruptionHidesNoCopy(t *testing.T) {
	c := Case{Result: hop.Pass, Checks: []Check{{Result: hop.Pass}}}
	c.AddCopies(0, []Copy{mirrored(18080)})
	c.MarkInconclusive("the mesh did not settle after its revert")
	c.MarkInterrupted([]string{"a pod restarted"})
	if c.Result != hop.Mismatch {
		t.Errorf("got %s: %s", c.Result, c.Reason)
	}
}

func TestWhatWasNotScannedTakesAPassAway(t *testing.T) {
	for result, want := range map[hop.Result]hop.Result{hop.Pass: hop.Inconclusive, hop.Fail: hop.Fail, hop.Mismatch: hop.Mismatch} {
		c := Case{Result: result, Checks: []Check{{Result: result}}}
		c.Unscanned(0, "3 packets were lost")
		if c.Checks[0].Result != want || c.Result != want {
			t.Errorf("%s became %s, the case %s", result, c.Checks[0].Result, c.Result)
		}
	}
}

func TestWhichConnectionsMayBeInClear(t *testing.T) {
	speaks := func(says hop.Outcome) Config { return Config{Client: &envoy.ClientFacts{Says: says}} }
	for name, row := range map[string]struct {
		check Check
		want  bool
	}{
		"plaintext":                         {Check{Want: hop.Plaintext}, true},
		"mTLS":                              {Check{Want: hop.MTLS, Config: speaks(hop.Plaintext)}, false},
		"TLS":                               {Check{Want: hop.OneWayTLS}, false},
		"a refusal of what begins in clear": {Check{Want: hop.Refused, Config: speaks(hop.Plaintext)}, true},
		"a refusal of what begins with TLS": {Check{Want: hop.Refused, Config: speaks(hop.MTLS)}, false},
		"a kept connection, opened in clear, that is closed": {Check{Want: hop.Refused, Config: Config{Prediction: envoy.Prediction{Says: hop.Plaintext}}}, true},
		"a refusal of a client of our own":                   {Check{Want: hop.Refused}, false},
	} {
		if got := row.check.InClear(); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
