package report

import (
	"cmp"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Group is the cases that are not green for one cause.
type Group struct {
	Result hop.Result
	Reason string // of the first of them, in full
	Cases  []Case
}

// Groups are the causes, the worst first and of those the one with most cases.
func (r Report) Groups() []Group {
	var all []Group
	places := map[string]int{}
	for _, c := range r.Cases {
		if c.Result == hop.Pass || c.Result == hop.Skipped {
			continue
		}
		cause := string(c.Result) + Cause(c.Reason)
		place, known := places[cause]
		if !known {
			place = len(all)
			places[cause] = place
			all = append(all, Group{Result: c.Result, Reason: c.Reason})
		}
		all[place].Cases = append(all[place].Cases, c)
	}
	slices.SortStableFunc(all, func(a, b Group) int {
		return cmp.Or(verdict.WorstFirst(a.Result, b.Result), len(b.Cases)-len(a.Cases))
	})
	return all
}
