package matrix

import (
	"maps"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// subject is a case, a mutant or a fault in each of the cells.
type subject struct {
	ID string // as histories name it
	In []seen // by cell
}

// seen is what a subject came to in one cell, the worst of its runs and of their rounds; the zero value is of a cell that did not have it.
type seen struct {
	Result  hop.Result
	Differs bool // among the runs of the cell
	Reason  string
	Rerun   string
	Page    string       // of the run that it is of; empty where there is none
	Case    *report.Case // with its evidence; nil of a mutant and a fault
}

// subjectsOf are all that have a verdict in one of the cells, by their names.
func subjectsOf(cells []cell) []subject {
	all := map[string][]seen{}
	for place, c := range cells {
		for _, run := range c.Runs {
			for id, one := range seenIn(run) {
				if all[id] == nil {
					all[id] = make([]seen, len(cells))
				}
				all[id][place] = all[id][place].with(one)
			}
		}
	}
	var subjects []subject
	for _, id := range slices.Sorted(maps.Keys(all)) {
		subjects = append(subjects, subject{id, all[id]})
	}
	return subjects
}

// seenIn is what a run has.
func seenIn(run Run) map[string]seen {
	all := map[string]seen{}
	cases := map[string]*report.Case{}
	for i, c := range run.Report.Cases {
		cases[c.ID] = &run.Report.Cases[i]
	}
	for _, line := range history.Of(run.Report, history.Part{}) {
		if line.Case == "" {
			continue // of the run as a whole
		}
		one := seen{Result: line.Verdict, Reason: line.Reason, Rerun: line.Rerun, Case: cases[line.Case]}
		if one.Case != nil {
			one.Page = run.Page
		}
		all[line.Case] = all[line.Case].with(one)
	}
	return all
}

// with is the worse of two, which differ where their results do.
func (s seen) with(other seen) seen {
	switch {
	case s.Result == "":
		return other
	case verdict.WorstFirst(other.Result, s.Result) < 0:
		other.Differs = true
		return other
	}
	s.Differs = s.Differs || other.Differs || other.Result != s.Result
	return s
}

func (s seen) ran() bool { return s.Result != "" }

func (s seen) red() bool { return s.ran() && s.Result != hop.Pass && s.Result != hop.Skipped }

// worst is what it came to where it is the worst, the first of these.
func (s subject) worst() seen {
	var worst seen
	for _, one := range s.In {
		if one.ran() && (!worst.ran() || verdict.WorstFirst(one.Result, worst.Result) < 0) {
			worst = one
		}
	}
	return worst
}

// alike tells whether it came to the same in every run that had it.
func (s subject) alike() bool {
	worst := s.worst()
	return !slices.ContainsFunc(s.In, func(one seen) bool { return one.Differs || one.ran() && one.Result != worst.Result })
}

// kind is the word for what it is: case, mutant or fault.
func (s subject) kind() string {
	for word, name := range map[string]string{"mutant": report.MutantName(""), "fault": report.FaultName("")} {
		if strings.HasPrefix(s.ID, name) {
			return word
		}
	}
	return "case"
}
