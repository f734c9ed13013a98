package history

import (
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// outcome is what a case came to in one run: its verdicts, one for each attempt, in their order.
type outcome struct{ attempts []Line }

// verdict is the worst of all attempts: one more attempt can show that a case is flaky, and never that it holds.
func (o outcome) verdict() hop.Result {
	worst := o.attempts[0].Verdict
	for _, line := range o.attempts[1:] {
		worst = verdict.Worse(worst, line.Verdict)
	}
	return worst
}

// line is the first one of the worst verdict.
func (o outcome) line() Line {
	worst := o.verdict()
	return o.attempts[slices.IndexFunc(o.attempts, func(l Line) bool { return l.Verdict == worst })]
}

func (o outcome) red() bool { return o.line().red() }

// differs tells whether the attempts came to several verdicts.
func (o outcome) differs() bool {
	for _, line := range o.attempts {
		if line.Verdict != o.attempts[0].Verdict {
			return true
		}
	}
	return false
}

// wrong tells whether a case is shown among runs: it is red, or its attempts differ.
func (o outcome) wrong() bool { return o.red() || o.differs() }

// run is one run of all cells.
type run struct {
	id       string
	outcomes map[Subject]outcome
}

// cells are those that the run has, in order.
func (r run) cells() []string {
	found := map[string]bool{}
	for of := range r.outcomes {
		found[of.Cell] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// ground is what a cell of the run stood on.
func (r run) ground(cell string) (Ground, bool) {
	o, found := r.outcomes[Subject{Cell: cell}]
	if !found {
		return Ground{}, false
	}
	return o.attempts[len(o.attempts)-1].On, true
}

// runsOf are the runs of a history, the oldest first.
func runsOf(lines []Line) []run {
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b Line) int { return a.Began.Compare(b.Began) })
	var all []run
	places := map[string]int{}
	for _, line := range sorted {
		place, known := places[line.Run]
		if !known {
			place = len(all)
			places[line.Run] = place
			all = append(all, run{id: line.Run, outcomes: map[Subject]outcome{}})
		}
		of := Subject{line.Cell, line.Case}
		o := all[place].outcomes[of]
		o.attempts = append(o.attempts, line)
		slices.SortStableFunc(o.attempts, func(a, b Line) int { return a.Attempt - b.Attempt })
		all[place].outcomes[of] = o
	}
	return all
}
