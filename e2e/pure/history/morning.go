package history

import (
	"maps"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

// Morning is what the last run of a history came to, beside those before it.
type Morning struct {
	Run        string     `json:"run"`
	Began      time.Time  `json:"began"`
	Result     hop.Result `json:"result"`
	Cells      int        `json:"cells"`
	Cases      int        `json:"cases"`
	Changed    []Change   `json:"changed"`        // of what the cells stand on, since each ran last
	Missing    []string   `json:"missing"`        // cells that were to run and did not: they count as red
	Jobs       string     `json:"jobs,omitempty"` // what jobs came to of which every case is green, as GitHub says it: what failed beside the cases
	Red        []Failure  `json:"red"`
	GreenAgain []Subject  `json:"greenAgain"` // that were red in the run before
	Flaky      []Subject  `json:"flaky"`      // that had differing verdicts on the same ground, in whichever run
	Slower     []Slow     `json:"slower"`
}

// Change is something that cells stand on, and that is another than when they ran last.
type Change struct {
	What   string   `json:"what"` // the suite, Istio, …
	Before string   `json:"before"`
	After  string   `json:"after"`
	Cells  []string `json:"cells"`
}

// Failure is what all cases that are red for one cause share.
type Failure struct {
	Cause     string    `json:"cause"`
	Reason    string    `json:"reason"` // of the first of them, in full
	FirstSeen string    `json:"firstSeen"`
	Since     time.Time `json:"since"`               // that run began
	LastGreen string    `json:"lastGreen,omitempty"` // commit of the suite with which it was green last; empty where it never was
	Rerun     string    `json:"rerun,omitempty"`     // of the first of them
	Cases     []Subject `json:"cases"`
}

// Slow is a case that takes longer than it used to.
type Slow struct {
	Subject
	Seconds float64 `json:"seconds"`
	Median  float64 `json:"median"` // of the runs before
}

// recently is how many runs before the last one it is held against.
const recently = 10

// Whether a case is slower is told by the median of those, at least of some.
const (
	medianLeast = 5
	slowerBy    = 1.5 // times the median
	slowerLeast = 2.0 // seconds above it
)

// Look looks at a run, the last one where no id says which. Planned are the cells that were to run; none stands for those that the last
// ten runs had. A run that is named and has no line is one of which no cell ran; false is returned where none is named and there is none.
func Look(lines []Line, id string, planned []string) (Morning, bool) {
	now, before, found := choose(runsOf(lines), id)
	if !found {
		return Morning{}, false
	}
	m := Morning{Run: now.id, Result: hop.Pass, Cells: len(now.cells()), Changed: changed(now, before), Missing: []string{}, Red: []Failure{}, GreenAgain: []Subject{}, Flaky: flaky(append(before, now)), Slower: []Slow{}}
	m.miss(now, before, planned)
	red := map[string]*Failure{}
	for _, of := range inOrder(now.outcomes) {
		o := now.outcomes[of]
		m.Began = o.attempts[0].Began
		if of.Case == "" {
			if o.red() && !explained(now, of.Cell, o.line().Reason) {
				fail(red, of, o, before)
			}
			continue
		}
		m.Cases++
		switch {
		case o.red():
			fail(red, of, o, before)
		case o.verdict() == hop.Pass && len(before) > 0 && wasRed(before[len(before)-1], of):
			m.GreenAgain = append(m.GreenAgain, of)
		}
		if slow, is := slower(of, o, before); is {
			m.Slower = append(m.Slower, slow)
		}
	}
	for _, cause := range slices.Sorted(maps.Keys(red)) {
		m.Red = append(m.Red, *red[cause])
	}
	slices.SortStableFunc(m.Red, func(a, b Failure) int { return len(b.Cases) - len(a.Cases) })
	if len(m.Red) > 0 || len(m.Missing) > 0 {
		m.Result = hop.Fail
	}
	return m, true
}

// choose is the run to look at, and those before it.
func choose(runs []run, id string) (now run, before []run, found bool) {
	place := len(runs) - 1
	if id != "" {
		place = slices.IndexFunc(runs, func(r run) bool { return r.id == id })
	}
	switch {
	case place >= 0:
		return runs[place], runs[:place:place], true
	case id != "":
		return run{id: id}, runs, true
	}
	return run{}, nil, false
}

// miss names what was to run and did not: cells, and of those that ran the cases that the same suite had before with the same settings.
func (m *Morning) miss(now run, before []run, planned []string) {
	recent := before[max(0, len(before)-recently):]
	if len(planned) == 0 {
		planned = usual(recent)
	}
	for _, cell := range planned {
		if _, ran := now.ground(cell); !ran {
			m.Missing = append(m.Missing, cell)
		}
	}
	missing := map[Subject]bool{}
	for _, r := range recent {
		for of := range r.outcomes {
			was, _ := r.ground(of.Cell)
			is, ran := now.ground(of.Cell)
			if _, came := now.outcomes[of]; ran && !came && was.Suite == is.Suite && was.Settings == is.Settings {
				missing[of] = true
			}
		}
	}
	for _, of := range inOrder(missing) {
		m.Missing = append(m.Missing, of.String())
	}
}

// usual are the cells that runs had. Where each had one alone, none of them is one of several that make a run.
func usual(runs []run) []string {
	found, several := map[string]bool{}, false
	for _, r := range runs {
		several = several || len(r.cells()) > 1
		for _, cell := range r.cells() {
			found[cell] = true
		}
	}
	if !several {
		return nil
	}
	return slices.Sorted(maps.Keys(found))
}

// fail puts a red case to those of its cause.
func fail(red map[string]*Failure, of Subject, o outcome, before []run) {
	line := o.line()
	cause := report.Cause(line.Reason)
	first, since, green := firstSeen(of, line, cause, before)
	failure, known := red[cause]
	if !known {
		failure = &Failure{Cause: cause, Reason: line.Reason, FirstSeen: first, Since: since, LastGreen: green, Rerun: line.Rerun}
		red[cause] = failure
	}
	if since.Before(failure.Since) {
		failure.FirstSeen, failure.Since, failure.LastGreen = first, since, green
	}
	failure.Cases = append(failure.Cases, of)
}

// explained tells whether a cell is red for one of its cases alone: then its reason is that of the case (report.Fold), and no cause of its
// own.
func explained(now run, cell, reason string) bool {
	for of, o := range now.outcomes {
		if of.Cell == cell && of.Case != "" && o.red() && strings.HasPrefix(reason, of.Case+": "+o.line().Reason) {
			return true
		}
	}
	return false
}

// inOrder are the subjects by cell and case; a cell as a whole stands after its cases.
func inOrder[Of any](subjects map[Subject]Of) []Subject {
	return slices.SortedFunc(maps.Keys(subjects), func(a, b Subject) int {
		if a.Cell != b.Cell {
			return strings.Compare(a.Cell, b.Cell)
		}
		if (a.Case == "") != (b.Case == "") {
			return strings.Compare(b.Case, a.Case)
		}
		return strings.Compare(a.Case, b.Case)
	})
}

func wasRed(r run, of Subject) bool {
	o, ran := r.outcomes[of]
	return ran && o.red()
}

// firstSeen is the run since which a case is red for a cause, without a green one or another cause between, and the suite's commit of the
// last green one.
func firstSeen(of Subject, line Line, cause string, before []run) (first string, since time.Time, green string) {
	first, since = line.Run, line.Began
	other := false
	for _, r := range slices.Backward(before) {
		o, ran := r.outcomes[of]
		switch {
		case !ran || o.verdict() == hop.Skipped:
		case !o.red():
			return first, since, o.line().On.Suite
		case report.Cause(o.line().Reason) != cause:
			other = true
		case !other:
			first, since = o.line().Run, o.line().Began
		}
	}
	return first, since, ""
}

// slower tells whether a case that holds takes longer than it used to.
func slower(of Subject, o outcome, before []run) (Slow, bool) {
	if o.verdict() != hop.Pass || of.Case == "" {
		return Slow{}, false
	}
	var seconds []float64
	for _, r := range slices.Backward(before) {
		if past, ran := r.outcomes[of]; ran && past.verdict() == hop.Pass && len(seconds) < recently {
			seconds = append(seconds, past.line().Seconds)
		}
	}
	if len(seconds) < medianLeast {
		return Slow{}, false
	}
	median, now := medianOf(seconds), o.line().Seconds
	return Slow{of, now, median}, now > slowerBy*median && now > median+slowerLeast
}

// flaky are the cases with differing verdicts on the same ground.
func flaky(runs []run) []Subject {
	type standing struct {
		of Subject
		on Ground
	}
	seen := map[standing]hop.Result{}
	found := map[Subject]bool{}
	for _, r := range runs {
		for of, o := range r.outcomes {
			for _, line := range o.attempts {
				at := standing{of, line.On}
				at.on.Machine = "" // another machine of the same kind excuses nothing
				if first, known := seen[at]; of.Case != "" && known && first != line.Verdict {
					found[of] = true
				}
				seen[at] = line.Verdict
			}
		}
	}
	return append([]Subject{}, inOrder(found)...)
}

// Fails makes a run red whose lines are green, and of which a job failed all the same: what failed beside the cases is in its log alone.
func (m *Morning) Fails(jobs string) {
	if m.Green() {
		m.Result = hop.Fail
		m.Jobs = jobs
	}
}

// Green tells whether no case is red, and every cell ran.
func (m Morning) Green() bool { return m.Result == hop.Pass }
