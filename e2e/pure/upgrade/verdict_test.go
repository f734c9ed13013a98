package upgrade

import (
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlsdiff"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func renewed(serial string) []Proxy { return []Proxy{{Namespace: "n", Pod: "p", Serial: serial}} }

// green is the verdict on an upgrade in which nothing went wrong.
func green() Verdict {
	return Verdict{
		Mode: Canary, Stages: []Judged{{Stage: "before", Result: hop.Pass, Proxies: renewed("1")}, {Stage: "both", Result: hop.Pass, Proxies: renewed("2")}, {Stage: "mixed", Result: hop.Pass, Proxies: renewed("3")}},
		Traffic: Traffic{Answered: 1000, Counted: 1000, Allowed: 0.001, Clear: Clear{Own: 1}},
	}
}

func TestEachProblemDecidesByItself(t *testing.T) {
	change := func(class tlsdiff.Class, row string) tlsdiff.Change {
		return tlsdiff.Change{Key: tlsdiff.Key{Client: "a/b", Host: "c", Port: 80}, Field: tlsdiff.Outcome, Before: []string{"mtls"}, After: []string{"plaintext"}, Class: class, Row: row}
	}
	accepted := change(tlsdiff.Weaker, "known")
	accepted.Accepted = true
	for name, one := range map[string]struct {
		change func(*Verdict)
		result hop.Result
		says   string
	}{
		"nothing":                 {func(*Verdict) {}, hop.Pass, "3 stages hold"},
		"a stage":                 {func(v *Verdict) { v.Stages[0].Result, v.Stages[0].Reason = hop.Mismatch, "a case" }, hop.Mismatch, "a case"},
		"a weakening":             {func(v *Verdict) { v.Changes = []tlsdiff.Change{change(tlsdiff.Weaker, "")} }, hop.Fail, "was [mtls] and is [plaintext]"},
		"a weakening with a row":  {func(v *Verdict) { v.Changes = []tlsdiff.Change{change(tlsdiff.Weaker, "known")} }, hop.Fail, "ACCEPT=known"},
		"an accepted one":         {func(v *Verdict) { v.Changes = []tlsdiff.Change{accepted} }, hop.Pass, "3 stages hold"},
		"an improvement":          {func(v *Verdict) { v.Changes = []tlsdiff.Change{change(tlsdiff.Stronger, "")} }, hop.Pass, "3 stages hold"},
		"what could not be read":  {func(v *Verdict) { v.Changes = []tlsdiff.Change{change(tlsdiff.Unknown, "")} }, hop.Inconclusive, "a/b -> c:80"},
		"certificates that stay":  {func(v *Verdict) { v.Stages = v.Stages[:2] }, hop.Inconclusive, "renewed its certificate more than 1 times"},
		"of others":               {func(v *Verdict) { v.Stages, v.Watched = v.Stages[:2], true }, hop.Pass, "2 stages hold"},
		"failures":                {func(v *Verdict) { v.Traffic.Failed = 2 }, hop.Fail, "2 of 1002 requests failed"},
		"a copy in the clear":     {func(v *Verdict) { v.Traffic.Clear.Copies = []Copy{{ID: "x"}} }, hop.Fail, "request x"},
		"taps that saw nothing":   {func(v *Verdict) { v.Traffic.Clear.Own = 0 }, hop.Inconclusive, "the taps saw none"},
		"a tap that lost packets": {func(v *Verdict) { v.Traffic.Clear.Gaps = []string{"lost 3 packets"} }, hop.Inconclusive, "lost 3 packets"},
		"an outage": {func(v *Verdict) {
			v.Traffic.Periods = []Period{{Judgements: []availability.Judgement{{Series: "s", Result: availability.Exceeded, Why: []string{"out"}}}}}
		}, hop.Fail, "s: out"},
		"a series that was hardly sent": {func(v *Verdict) {
			v.Traffic.Baseline.Judgements = []availability.Judgement{{Series: "s", Result: availability.Inconclusive, Why: []string{"few"}}}
		}, hop.Inconclusive, "s: few"},
	} {
		v := green()
		one.change(&v)
		v.Conclude()
		if v.Result != one.result || !strings.Contains(v.Reason, one.says) {
			t.Errorf("%s: got %s %q", name, v.Result, v.Reason)
		}
	}
}

func TestWaitingMakesNoFailureSmaller(t *testing.T) {
	for lasted, want := range map[time.Duration]float64{time.Minute: 600, 2 * time.Minute: 600, 4 * time.Minute: 300, time.Hour: 20} {
		if got := countedOf(600, lasted, true); got != want {
			t.Errorf("%s: %g of 600, want %g", lasted, got, want)
		}
		if got := countedOf(600, lasted, false); got != 600 {
			t.Errorf("%s: %g of 600 where the suite moves proxies all the time", lasted, got)
		}
	}
}

func TestAWeakeningThatARowExplainsStandsFirst(t *testing.T) {
	v := green()
	v.Stages[0].Result = hop.Fail
	v.Changes = []tlsdiff.Change{{Class: tlsdiff.Unexplained, Field: tlsdiff.Outcome}, {Class: tlsdiff.Weaker, Field: tlsdiff.Outcome, Row: "known"}}
	v.Conclude()
	if len(v.Problems) != 3 || !strings.HasPrefix(v.Problems[0].Why, "row known: ") {
		t.Errorf("got %+v", v.Problems)
	}
}

func TestWhatThePoliciesOfEitherStageAskForExplainsACopy(t *testing.T) {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	intervals := []Interval{{Place: 0, From: at(0), To: at(60)}, {Place: 1, From: at(100), To: at(120)}, {Place: 2, From: at(200), To: at(220)}}
	hop := Hop{Client: "a/b", Host: "c", Port: 80}
	plaintext := []map[Hop]bool{{}, {}, {hop: true}}
	for seconds, explained := range map[int]bool{30: false, 80: false, 110: false, 150: false, 210: true, 250: true} {
		copies, byRule := Explain([]Copy{{Hop: hop, At: at(seconds)}}, intervals, plaintext)
		if (byRule == 1) != explained || len(copies)+byRule != 1 {
			t.Errorf("after %d s: %d copies, %d by rule", seconds, len(copies), byRule)
		}
	}
	if copies, _ := Explain([]Copy{{Hop: Hop{Client: "another"}, At: at(250)}}, intervals, plaintext); len(copies) != 1 {
		t.Error("the copy of another hop is explained")
	}
	if copies, _ := Explain([]Copy{{Hop: hop, At: at(210)}}, intervals, plaintext[:1]); len(copies) != 1 {
		t.Error("what the policies of a stage ask for is not known, and explains a copy")
	}
}

func TestAStageFailsByAProxyInTheWrongPlaceAndByAChangeWhereNothingMoved(t *testing.T) {
	for says, change := range map[string]func(*Judged){
		"no case was run":  func(j *Judged) { j.Cases = nil },
		"x is of Istio":    func(j *Judged) { j.Misplaced = []string{"x is of Istio"} },
		"a new pod":        func(j *Judged) { j.NewPods = "a new pod of a/b" },
		"no proxy moved":   func(j *Judged) { j.Changes = []tlsdiff.Change{{Class: tlsdiff.Stronger, Field: tlsdiff.Outcome}} },
		"c@before: broken": func(j *Judged) { j.Cases[0].Result, j.Cases[0].Reason = hop.Fail, "broken" },
	} {
		j := Judged{Cases: []CaseAt{{ID: "c@before", Result: hop.Pass}}}
		change(&j)
		if j.Conclude(); j.Result == hop.Pass || !strings.Contains(j.Reason, says) {
			t.Errorf("got %s %q, want %q", j.Result, j.Reason, says)
		}
	}
}
