package verdict_test

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestAFaultMayKeepTheSuiteFromKnowingAndNotMakeItWrong(t *testing.T) {
	for name, test := range map[string]struct {
		sound, weak, after hop.Result
		wrong              string
	}{
		"not known, and then known":   {hop.Inconclusive, hop.Inconclusive, hop.Pass, ""},
		"known all the time":          {hop.Pass, hop.Fail, hop.Pass, ""},
		"a sound mesh is accused":     {hop.Mismatch, hop.Inconclusive, hop.Pass, "a sound mesh was MISMATCH"},
		"a weak mesh is let off":      {hop.Pass, hop.Pass, hop.Pass, "a weak mesh was PASS"},
		"it does not come back to it": {hop.Pass, hop.Fail, hop.Inconclusive, "after the recovery it was INCONCLUSIVE"},
	} {
		f := verdict.Fault{Sound: verdict.Outcome{Result: test.sound}, Weak: verdict.Outcome{Result: test.weak}, After: verdict.Outcome{Result: test.after}}
		if f.Judge(); (f.Wrong == "") != (test.wrong == "") || !strings.Contains(f.Wrong, test.wrong) {
			t.Errorf("%s: %q", name, f.Wrong)
		}
	}
}

// What ended around a case excuses nothing that is green, and makes nothing green.
func TestADisturbanceMakesACaseNotKnown(t *testing.T) {
	refused := plainCheck(hop.Plain)
	refused.Want = hop.MTLS
	failed, green := played("failed", refused), played("green", mtlsCheck())
	for _, c := range []*verdict.Case{&failed, &green} {
		c.MarkInterrupted([]string{"default/product-service has started anew"})
	}
	if failed.Result != hop.Inconclusive || !strings.Contains(failed.Reason, "has started anew; it would be FAIL") {
		t.Errorf("%s: %s", failed.Result, failed.Reason)
	}
	if green.Result != hop.Pass || green.Disturbed != nil {
		t.Errorf("%s: %v", green.Result, green.Disturbed)
	}
	undisturbed := played("failed", refused)
	if undisturbed.MarkInterrupted(nil); undisturbed.Result != hop.Fail {
		t.Errorf("%s without a disturbance", undisturbed.Result)
	}
	unanswered := mtlsCheck()
	unanswered.Observers.Client.Says = hop.Refused
	lost := played("lost", unanswered)
	if !lost.Unanswered() || green.Unanswered() {
		t.Error("what went unanswered is not told")
	}
	traffic := verdict.Case{Traffic: &hop.Traffic{Requests: 2, Unanswered: 1}}
	if !traffic.Unanswered() {
		t.Error("background requests that went unanswered are not told")
	}
}
