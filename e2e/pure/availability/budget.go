package availability

import "fmt"

// Budget is what a series may lose.
type Budget struct {
	Failed              float64 `json:"failed"` // the share of requests that may fail, 0 to 1
	LongestOutageMillis int64   `json:"longestOutageMillis"`

	// Evidence is the share of the seconds, 0 to 1, that must show something: in which a pod asked, and of a series that must
	// never be answered, in which its twin was answered too.
	Evidence float64 `json:"evidence"`
}

// Result is how figures compare with a budget.
type Result string

// The results.
const (
	Pass         Result = "pass"
	Exceeded     Result = "exceeded"
	Inconclusive Result = "inconclusive" // too little was asked to say that nothing was lost
)

// leastSent is the share of the requests due that must have been sent.
const leastSent = 0.95

// Judgement is the result of one series, with the figures that led to it.
type Judgement struct {
	Series string   `json:"series"`
	Result Result   `json:"result"`
	Why    []string `json:"why,omitempty"` // none where it passes
}

// Judge compares a report with the budget of each series, in the order of the report.
func Judge(report Report, budget func(series string) Budget) []Judgement {
	var all []Judgement
	for _, f := range report.Series {
		all = append(all, f.Judge(budget(f.Series)))
	}
	for _, e := range report.Never {
		all = append(all, e.Judge(budget(e.Series)))
	}
	return all
}

// Judge compares figures with a budget. What is known to be lost is lost, however much is not known.
func (f Figures) Judge(b Budget) Judgement {
	var exceeded []string
	if f.FailedShare > b.Failed {
		exceeded = append(exceeded, fmt.Sprintf("failedShare is %.4f, of %.4f: %d of %d", f.FailedShare, b.Failed, f.Failed, f.Answered+f.Failed))
	}
	if f.LongestOutageMillis > b.LongestOutageMillis {
		exceeded = append(exceeded, fmt.Sprintf("longestOutageMillis is %d, of %d", f.LongestOutageMillis, b.LongestOutageMillis))
	}
	return judged(f.Series, exceeded, f.unknown(b, f.Seconds-f.WithoutPod))
}

// Judge compares evidence with a budget: no request may have got in, and its absence must have been looked for.
func (e Evidence) Judge(b Budget) Judgement {
	var exceeded []string
	if n := len(e.Successes); n > 0 {
		first := e.Successes[0]
		exceeded = append(exceeded, fmt.Sprintf("successes are %d, of 0: the first is %s from %s", n, first.ID, first.Pod))
	}
	return judged(e.Series, exceeded, e.unknown(b, e.WithEvidence))
}

// unknown lists what is too little to rest on.
func (c Counts) unknown(b Budget, evident int) []string {
	var all []string
	if c.SentShare < leastSent {
		all = append(all, fmt.Sprintf("sentShare is %.4f, %.2f at least: %d of %d", c.SentShare, leastSent, c.Sent, c.Asked))
	}
	if c.Answered+c.Failed == 0 {
		all = append(all, "no request is known to be answered or to have failed")
	}
	if least := b.Evidence * float64(c.Seconds); float64(evident) < least {
		all = append(all, fmt.Sprintf("%d seconds of %d have evidence, %.2f of them at least", evident, c.Seconds, b.Evidence))
	}
	return all
}

func judged(series string, exceeded, unknown []string) Judgement {
	switch {
	case len(exceeded) > 0:
		return Judgement{series, Exceeded, exceeded}
	case len(unknown) > 0:
		return Judgement{series, Inconclusive, unknown}
	}
	return Judgement{Series: series, Result: Pass}
}
