package page

import (
	"slices"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// group is the cases that are not green for one cause.
type group struct {
	Result hop.Result
	Reason string // of the first of them, in full
	Cases  []report.Case
}

// groups are the causes, the worst first and of those the one with most cases.
func groups(r report.Report) []group {
	var all []group
	places := map[string]int{}
	for _, c := range r.Cases {
		if c.Result == hop.Pass || c.Result == hop.Skipped {
			continue
		}
		cause := string(c.Result) + history.Cause(c.Reason)
		place, known := places[cause]
		if !known {
			place = len(all)
			places[cause] = place
			all = append(all, group{Result: c.Result, Reason: c.Reason})
		}
		all[place].Cases = append(all[place].Cases, c)
	}
	slices.SortStableFunc(all, func(a, b group) int {
		if a.Result != b.Result {
			if verdict.Worse(a.Result, b.Result) == a.Result {
				return -1
			}
			return 1
		}
		return len(b.Cases) - len(a.Cases)
	})
	return all
}
