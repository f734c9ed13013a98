package upgrade

import (
	"fmt"
	"time"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/hop"
)

// The policies under which the series of an upgrade go on: the folders of fixtures/upgrade/traffic.
const (
	StrictTraffic     = "strict"
	PermissiveTraffic = "permissive"
	LeaseTraffic      = "lease" // strict, and a lease makes hops plaintext while Istio moves
)

// Interval is the time of the moves that lead to a stage, with some seconds after them, in which series went on.
type Interval struct {
	Stage    string
	Place    int // of the stage in the plan
	Still    bool
	From, To time.Time
}

// Period is what was available in an interval, and how it compares with its budget.
type Period struct {
	Stage string `json:"stage"`
	Still bool   `json:"still"` // no proxy moved
	availability.Report
	Budget     availability.Budget      `json:"budget"` // of each series
	Judgements []availability.Judgement `json:"judgements"`
}

// Traffic is what the series of an upgrade came to.
type Traffic struct {
	Policy    string   `json:"policy"`    // that they went on under
	Baseline  Period   `json:"baseline"`  // without any move
	Periods   []Period `json:"periods"`   // of each stage that moves lead to
	Answered  int      `json:"answered"`  // in all periods but the baseline
	Failed    int      `json:"failed"`    // likewise
	Counted   int      `json:"counted"`   // of those answered, what is held against the failures
	Allowed   float64  `json:"allowed"`   // the share of requests that may fail
	BudgetsBy string   `json:"budgetsBy"` // where the budgets come from
	Clear     Clear    `json:"clear"`
}

// budgetsBy says where the budgets come from; a history of like runs is to take their place.
const budgetsBy = "fixed: there is no history of 20 runs of this pair and mode"

// evident is the least share of seconds that must have evidence: a pod restarts now and then.
const evident = 0.75

// nothing may be lost where no proxy moves.
var nothing = availability.Budget{Evidence: evident}

// budgetOf is what each series may lose while proxies move. How much may fail is counted over all of them.
func budgetOf(mode Mode, still bool) availability.Budget {
	switch {
	case still:
		return nothing
	case !mode.Revisions():
		return availability.Budget{Failed: 1, LongestOutageMillis: 10_000, Evidence: evident}
	}
	return availability.Budget{Failed: 1, LongestOutageMillis: 1_000, Evidence: evident}
}

// allowed is the share of all requests that may fail while proxies move; of an upgrade in place outages alone have a budget.
func allowed(mode Mode) float64 {
	if !mode.Revisions() {
		return 1
	}
	return 0.001
}

// NewTraffic makes figures of what the probers told, in the baseline and in the intervals. Of an upgrade that others make, and wait in as
// long as they like, longer intervals are counted as longestCounted.
func NewTraffic(mode Mode, watched bool, policy string, streams []availability.Stream, flags map[string]string, baseline Interval, intervals []Interval) (Traffic, error) {
	t := Traffic{Policy: policy, Periods: []Period{}, Allowed: allowed(mode), BudgetsBy: budgetsBy}
	var err error
	if t.Baseline, err = newPeriod(streams, flags, baseline, nothing); err != nil {
		return t, err
	}
	counted := 0.0
	for _, interval := range intervals {
		period, err := newPeriod(streams, flags, interval, budgetOf(mode, interval.Still))
		if err != nil {
			return t, err
		}
		t.Periods = append(t.Periods, period)
		for _, figures := range period.Series {
			t.Answered += figures.Answered
			t.Failed += figures.Failed
			counted += countedOf(figures.Answered, interval.To.Sub(interval.From), watched)
		}
	}
	t.Counted = int(counted)
	return t, nil
}

// longestCounted is what a longer period counts as: that nothing moves for a while makes no failure smaller.
const longestCounted = 2 * time.Minute

// countedOf is how many of the requests of a period are held against those that failed.
func countedOf(answered int, lasted time.Duration, watched bool) float64 {
	if !watched {
		return float64(answered)
	}
	return float64(answered) * min(1, float64(longestCounted)/float64(lasted))
}

func newPeriod(streams []availability.Stream, flags map[string]string, interval Interval, budget availability.Budget) (Period, error) {
	report, err := availability.Fold(streams, flags, interval.From, interval.To)
	return Period{Stage: interval.Stage, Still: interval.Still, Report: report, Budget: budget, Judgements: availability.Judge(report, func(string) availability.Budget { return budget })}, err
}

// All are the baseline and the periods after it.
func (t Traffic) All() []Period { return append([]Period{t.Baseline}, t.Periods...) }

// problems are what of the traffic keeps an upgrade from PASS, each with its result.
func (t Traffic) problems() []Problem {
	var all []Problem
	for _, period := range t.All() {
		for _, j := range period.Judgements {
			for _, why := range j.Why {
				result := hop.Fail
				if j.Result == availability.Inconclusive {
					result = hop.Inconclusive
				}
				all = append(all, Problem{Stage: period.Stage, Result: result, Why: j.Series + ": " + why})
			}
		}
	}
	if known := t.Counted + t.Failed; known > 0 && float64(t.Failed)/float64(known) > t.Allowed {
		all = append(all, Problem{Result: hop.Fail, Why: fmt.Sprintf("%d of %d requests failed while proxies moved, of %.1f %% that may", t.Failed, known, 100*t.Allowed)})
	}
	for _, one := range t.Clear.Copies {
		all = append(all, Problem{Result: hop.Fail, Why: fmt.Sprintf("request %s of %s was seen in the clear on %s, and its policies ask for mTLS on %s", one.ID, one.Series, one.Connection, one.Hop)})
	}
	if t.Clear.Own == 0 {
		all = append(all, Problem{Result: hop.Inconclusive, Why: "the taps saw none of the requests that go in the clear, so that they would not have seen another"})
	}
	for _, gap := range t.Clear.Gaps {
		all = append(all, Problem{Result: hop.Inconclusive, Why: gap})
	}
	return all
}
