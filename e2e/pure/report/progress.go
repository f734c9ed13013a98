package report

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Progress is how far a round of the suite is. The suite tells it in a file while it runs.
type Progress struct {
	Cases   int     `json:"cases"`             // that the round runs
	Running string  `json:"running,omitempty"` // the name of the case that runs; empty before the first, between two and after the last
	Ended   []Ended `json:"ended"`             // in their order
}

// Ended is what a case came to that has ended. Name and reason are for a terminal to print.
type Ended struct {
	Name   string     `json:"name"`
	Result hop.Result `json:"result"`
	Reason string     `json:"reason,omitempty"` // one line; empty where the case passed
}

// Begin says that a case begins, by the text of its spec.
func (p *Progress) Begin(text string) { p.Running = nameOf(text) }

// End says that the case that runs has ended: by Ginkgo's words for how its spec ended and why, and by the verdict that the spec
// left, empty where it left none. It counts as the report will have it.
func (p *Progress) End(state, message string, left hop.Result) {
	ended := Ended{Name: p.Running, Result: hop.Inconclusive}
	switch {
	case state == "passed":
		ended.Result = hop.Pass
	case left != "" && left != hop.Pass:
		ended.Result = left
	case state == "skipped" || state == "pending":
		ended.Result = hop.Skipped
	}
	if ended.Result != hop.Pass {
		ended.Reason = line(strings.TrimPrefix(firstLine(message), string(ended.Result)+": "))
	}
	p.Ended, p.Running = append(p.Ended, ended), ""
}

// Amend gives a case that has ended another verdict.
func (p *Progress) Amend(name string, result hop.Result, reason string) {
	i := slices.IndexFunc(p.Ended, func(e Ended) bool { return e.Name == name })
	if i >= 0 {
		p.Ended[i].Result, p.Ended[i].Reason = result, line(firstLine(reason))
	}
}

// Left is how many cases have not ended.
func (p Progress) Left() int { return p.Cases - len(p.Ended) }

// Count is how many cases came to a result.
func (p Progress) Count(result hop.Result) int {
	count := 0
	for _, ended := range p.Ended {
		if ended.Result == result {
			count++
		}
	}
	return count
}

// Since lists the cases that came to other than PASS since an earlier moment, in their order. Where fewer have ended than then, the
// suite has begun again, and what was told then is not of them.
func (p Progress) Since(earlier Progress) []Ended {
	if len(p.Ended) < len(earlier.Ended) {
		earlier = Progress{}
	}
	var news []Ended
	for i, ended := range p.Ended {
		known := i < len(earlier.Ended) && earlier.Ended[i].Result == ended.Result
		if !known && ended.Result != hop.Pass {
			news = append(news, ended)
		}
	}
	return news
}

// String returns "112 of 220 cases done, 110 PASS, 1 FAIL, 1 MISMATCH; running route-weight".
func (p Progress) String() string {
	text := fmt.Sprintf("%d of %d cases done, %d %s", len(p.Ended), p.Cases, p.Count(hop.Pass), hop.Pass)
	for _, result := range []hop.Result{hop.Fail, hop.Mismatch, hop.Inconclusive, hop.Skipped} {
		if count := p.Count(result); count > 0 {
			text += fmt.Sprintf(", %d %s", count, result)
		}
	}
	if p.Running != "" {
		text += "; running " + p.Running
	}
	return text
}

// nameOf is how reports name what a spec is of, by its text.
func nameOf(text string) string {
	kind, id, _ := specOf(text)
	return line(Spec{ID: id, Kind: kind}.Name())
}
