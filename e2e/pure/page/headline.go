package page

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

// headline says in one sentence what the run came to.
func headline(r report.Report) string {
	s := r.Summary
	all := s.Pass + s.Fail + s.Mismatch + s.Inconclusive
	of := func(count int) string {
		if count == 1 {
			return fmt.Sprintf("1 of %d cases", all)
		}
		return fmt.Sprintf("%d of %d cases", count, all)
	}
	switch {
	case r.Result == hop.Pass && r.Upgrade != nil:
		return "The mesh stayed as it must be while Istio was upgraded."
	case r.Result == hop.Pass && all == 0:
		return "Everything that ran did what it must."
	case r.Result == hop.Pass:
		return fmt.Sprintf("Every connection did what its policies ask, in all %d cases.", all)
	case s.Mismatch > 0 && s.Fail > 0:
		return fmt.Sprintf("Connections do not do what is asked of them in %s; in %s policies, configuration and traffic contradict each other.", of(s.Fail), of(s.Mismatch))
	case s.Mismatch > 0:
		return fmt.Sprintf("In %s policies, configuration and traffic contradict each other.", of(s.Mismatch))
	case s.Fail > 0:
		return fmt.Sprintf("Connections do not do what is asked of them in %s.", of(s.Fail))
	case r.Cause != "":
		return "The run did not come to its end, so it says nothing of the whole."
	case r.Upgrade != nil:
		return "The mesh did not stay as it must be while Istio was upgraded."
	case r.Kills != nil && r.Kills.Survived > 0:
		return fmt.Sprintf("The suite did not notice %d of %d ways in which the mesh was sabotaged.", r.Kills.Survived, len(r.Mutants))
	case s.Inconclusive > 0:
		return fmt.Sprintf("What became of %s is not known for certain.", of(s.Inconclusive))
	}
	return "The run is not green, for another reason than its cases."
}

// counted is how many cases have a result.
type counted struct {
	Result hop.Result
	Cases  int
}

func counts(r report.Report) []counted {
	s := r.Summary
	all := []counted{{hop.Pass, s.Pass}, {hop.Fail, s.Fail}, {hop.Mismatch, s.Mismatch}, {hop.Inconclusive, s.Inconclusive}, {hop.Skipped, s.Skipped}}
	return slices.DeleteFunc(all, func(c counted) bool { return c.Cases == 0 })
}
