package upgrade

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures"
)

func TestEveryMutantOfAnUpgradeCanBeRead(t *testing.T) {
	ids, err := MutantIDs(fixtures.FS)
	if err != nil || len(ids) == 0 {
		t.Fatalf("%d mutants, %v", len(ids), err)
	}
	for _, id := range ids {
		if _, err := ReadMutant(fixtures.FS, id); err != nil {
			t.Error(err)
		}
	}
	if _, err := ReadMutant(fixtures.FS, "none"); err == nil || !strings.Contains(err.Error(), ids[0]) {
		t.Errorf("a mutant that there is not: %v", err)
	}
}

func TestAMutantIsNoticedForItsReasonAlone(t *testing.T) {
	mutant := Mutant{ID: "m", Notices: Notice{Stage: "mixed", Result: hop.Fail, Why: `is of Istio FROM_VERSION`}}
	names := NamesOf(Versions{From: "1.30.0", To: "1.31.0"}, map[Side]string{})
	stages := func(both hop.Result) []Judged {
		return []Judged{{Stage: "before", Result: hop.Pass}, {Stage: "both", Result: both, Reason: "red"}, {Stage: "mixed", Result: hop.Fail}}
	}
	told := Problem{Stage: "mixed", Result: hop.Fail, Why: "n/p is of Istio 1.30.0, want 1.31.0"}
	for name, one := range map[string]struct {
		verdict Verdict
		noticed bool
		why     string
	}{
		"its problem":              {Verdict{Stages: stages(hop.Pass), Problems: []Problem{{Result: hop.Fail, Why: "x"}, told}}, true, "n/p is of Istio 1.30.0"},
		"a stage that is red":      {Verdict{Stages: stages(hop.Fail), Problems: []Problem{told}}, false, "stage both is FAIL before: red"},
		"another problem":          {Verdict{Stages: stages(hop.Pass), Problems: []Problem{{Stage: "mixed", Result: hop.Fail, Why: "n/p is of Istio 1x30x0"}}}, false, "1 problems, and none is FAIL"},
		"the problem of elsewhere": {Verdict{Stages: stages(hop.Pass), Problems: []Problem{{Stage: "both", Result: hop.Fail, Why: told.Why}}}, false, "none is FAIL"},
		"an uncertain problem":     {Verdict{Stages: stages(hop.Pass), Problems: []Problem{{Stage: "mixed", Result: hop.Inconclusive, Why: told.Why}}}, false, "none is FAIL"},
		"no problem":               {Verdict{Stages: stages(hop.Pass)}, false, "has no problem"},
	} {
		one.verdict.Against(mutant, names)
		got := *one.verdict.Mutant
		if got.Noticed != one.noticed || !strings.Contains(got.Why, one.why) {
			t.Errorf("%s: noticed %v: %s", name, got.Noticed, got.Why)
		}
		if (one.verdict.Result == hop.Pass) != one.noticed {
			t.Errorf("%s: the upgrade is %s", name, one.verdict.Result)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	names := NamesOf(Versions{From: "1.30.0-a+b", To: "1.31.0"}, map[Side]string{To: "1-31-0"})
	if got := names.Plain().Replace(`istiod-TO_REVISION ^FROM_MINOR\..*`); got != `istiod-1-31-0 ^1\.30\..*` {
		t.Error(got)
	}
	if got := names.Quoted().Replace("FROM_VERSION"); got != `1\.30\.0-a\+b` {
		t.Error(got)
	}
}
