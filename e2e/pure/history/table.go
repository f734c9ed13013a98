package history

import (
	"cmp"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Table is cases by runs: the last run, and those before it that it is held against.
type Table struct {
	Morning Morning // of the last run
	Runs    []Column
	Rows    []Row // what was red in one of these runs, is flaky or slower; the worst first
	Green   int   // cases that were none of it, and have no row
	Earlier int   // runs before these, which have no column
}

// Column is a run at the head of its column.
type Column struct {
	ID     string
	Began  time.Time  // the first of its cells
	Result hop.Result // the worst of all that is in it
	On     []Ground   // of its cells, in order
}

// Row is a case in each of the runs.
type Row struct {
	Subject
	Runs  []Seen
	Since *Since // of a case that is red where it ran last; else nil
	Flaky bool   // its verdicts differ on the same ground, in whichever run
	Again bool   // it is green in the last run and was red in the one before
	Slow  *Slow  // of a case that takes longer in the last run than it used to; else nil
}

// Since is when a case turned red.
type Since struct {
	Run   string
	Began time.Time // that run
	Green string    // commit of the suite with which it was green last; empty where it never was
	Fresh bool      // that run is the last one
}

// Seen is a case in one run; the zero value is of one that the run did not have.
type Seen struct {
	Result  hop.Result // the worst of all attempts
	Red     bool
	Differs bool // attempts came to several verdicts
	Reason  string
	Seconds float64
}

// TableOf is the table of a history; false is returned where no run is in it.
func TableOf(lines []Line) (Table, bool) {
	morning, found := Look(lines, "", nil)
	if !found {
		return Table{}, false
	}
	runs := runsOf(lines)
	earlier := max(0, len(runs)-1-recently)
	shown := runs[earlier:]
	t := Table{Morning: morning, Earlier: earlier}
	rows, cases := map[Subject]bool{}, map[Subject]bool{}
	for _, of := range morning.Flaky {
		rows[of] = true
	}
	for _, slow := range morning.Slower {
		rows[slow.Subject] = true
	}
	for _, r := range shown {
		t.Runs = append(t.Runs, column(r))
		for of, o := range r.outcomes {
			cases[of] = of.Case != ""
			rows[of] = rows[of] || o.wrong() && (of.Case != "" || !explained(r, of.Cell, o.line().Reason))
		}
	}
	for _, of := range inOrder(cases) {
		switch {
		case rows[of]:
			t.Rows = append(t.Rows, t.row(of, runs))
		case cases[of]:
			t.Green++
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(verdict.WorstFirst(a.last(), b.last()), verdict.WorstFirst(a.worst(), b.worst()), b.red()-a.red())
	})
	return t, true
}

func column(r run) Column {
	c := Column{ID: r.id, Result: hop.Pass}
	for _, o := range r.outcomes {
		if began := o.attempts[0].Began; c.Began.IsZero() || began.Before(c.Began) {
			c.Began = began
		}
		c.Result = verdict.Worse(c.Result, o.verdict())
	}
	for _, cell := range r.cells() {
		if on, ran := r.ground(cell); ran {
			c.On = append(c.On, on)
		}
	}
	return c
}

func (t Table) row(of Subject, runs []run) Row {
	row := Row{
		Subject: of, Since: since(of, runs),
		Flaky: slices.Contains(t.Morning.Flaky, of), Again: slices.Contains(t.Morning.GreenAgain, of),
	}
	if place := slices.IndexFunc(t.Morning.Slower, func(s Slow) bool { return s.Subject == of }); place >= 0 {
		row.Slow = &t.Morning.Slower[place]
	}
	for _, r := range runs[t.Earlier:] {
		seen := Seen{}
		if o, ran := r.outcomes[of]; ran {
			seen = Seen{Result: o.verdict(), Red: o.red(), Differs: o.differs(), Reason: o.line().Reason, Seconds: o.line().Seconds}
		}
		row.Runs = append(row.Runs, seen)
	}
	return row
}

// since is when a case turned red that is red where it ran last.
func since(of Subject, runs []run) *Since {
	for place, r := range slices.Backward(runs) {
		o, ran := r.outcomes[of]
		switch {
		case !ran || o.verdict() == hop.Skipped:
			continue
		case !o.red():
			return nil
		}
		first, began, green := firstSeen(of, o.line(), report.Cause(o.line().Reason), runs[:place])
		return &Since{Run: first, Began: began, Green: green, Fresh: first == runs[len(runs)-1].id}
	}
	return nil
}

// last is what the case came to where it ran last.
func (r Row) last() hop.Result {
	for _, seen := range slices.Backward(r.Runs) {
		if seen.Result != "" {
			return seen.Result
		}
	}
	return hop.Pass
}

func (r Row) worst() hop.Result {
	worst := hop.Pass
	for _, seen := range r.Runs {
		worst = verdict.Worse(worst, seen.Result)
	}
	return worst
}

// red is in how many runs it is.
func (r Row) red() int {
	count := 0
	for _, seen := range r.Runs {
		if seen.Red {
			count++
		}
	}
	return count
}
