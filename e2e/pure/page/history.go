package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/report"
)

// past is the runs before, as the page shows them.
type past struct {
	history.Table
	Cell    string // that all rows are of; empty where they are of several
	Heads   []pastHead
	Grounds []pastGround
	Rows    []pastRow // in place of those of the table, as many as have place
	Further int       // rows beyond these
}

// pastHead is the head of a run's column.
type pastHead struct {
	history.Column
	Day, Hour string
	Whole     string // all that is known of the run
}

// pastGround is one thing that runs stand on: runs one after the other that have the same share a cell of the table.
type pastGround struct {
	What  string
	Spans []span
}

type span struct {
	Runs  int
	Value string // as short as it says something
	Whole string
}

// pastRow is a case in each of the runs.
type pastRow struct {
	history.Row
	Here  bool // this report has the case, of the same cell
	Since *pastSince
	Bars  bars // its seconds
}

type pastSince struct {
	history.Since
	Day string // of a run whose id does not tell it
}

// shownRows is how many cases have place in the table.
const shownRows = 50

// pastOf is the runs before a report; nil where there is none.
func pastOf(lines []history.Line, r report.Report) *past {
	table, found := history.TableOf(lines)
	if !found {
		return nil
	}
	p := past{Table: table, Further: max(0, len(table.Rows)-shownRows)}
	for _, run := range table.Runs {
		began := run.Began.UTC()
		p.Heads = append(p.Heads, pastHead{run, began.Format("01-02"), began.Format("15:04"), wholeOf(run)})
	}
	for _, part := range groundParts {
		p.Grounds = append(p.Grounds, pastGround{part.what, spansOf(table.Runs, part.of, part.short)})
	}
	here := map[string]bool{}
	for _, c := range r.Cases {
		here[c.ID] = true
	}
	cells := map[string]bool{}
	for _, row := range table.Rows[:len(table.Rows)-p.Further] {
		cells[row.Cell] = true
		cell := history.ParseCell(row.Cell)
		of, _ := history.CellOf(cell.Job, r.Environment) // of a report without versions it is no line's
		p.Rows = append(p.Rows, pastRow{Row: row, Here: here[row.Case] && of == cell, Since: sinceOf(row.Since), Bars: barsOf(row.Runs)})
	}
	if len(cells) == 1 {
		p.Cell = p.Rows[0].Cell
	}
	return &p
}

func sinceOf(since *history.Since) *pastSince {
	if since == nil {
		return nil
	}
	told := pastSince{Since: *since}
	if _, err := report.Began(since.Run); err != nil {
		told.Day = since.Began.UTC().Format(" of " + time.DateOnly)
	}
	return &told
}

// groundParts are what the head of a run says that it stands on.
var groundParts = []struct {
	what  string
	of    func(history.Ground) string
	short func(string) string
}{
	{"Istio", func(g history.Ground) string { return g.Istio }, beforeCommit},
	{"Kubernetes", func(g history.Ground) string { return g.Kubernetes }, beforeCommit},
	{"Envoy", func(g history.Ground) string { return g.Envoy }, beforeCommit},
	{"suite", func(g history.Ground) string { return g.Suite }, report.ShortCommit},
}

// beforeCommit is a version without the commit that a build of one names, 1.31.0 of 1.31.0-eed52ebb66ad and 1.36.3 of v1.36.3.
func beforeCommit(version string) string {
	short, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	return short
}

// spansOf puts together the runs that have the same of something.
func spansOf(runs []history.Column, of func(history.Ground) string, short func(string) string) []span {
	var all []span
	for _, run := range runs {
		whole := valuesOf(run, of)
		if last := len(all) - 1; last >= 0 && all[last].Whole == whole {
			all[last].Runs++
			continue
		}
		all = append(all, span{1, valuesOf(run, func(g history.Ground) string { return short(of(g)) }), whole})
	}
	return all
}

// valuesOf are what the cells of a run have of something, each once.
func valuesOf(run history.Column, of func(history.Ground) string) string {
	var all []string
	for _, ground := range run.On {
		if value := of(ground); value != "" && !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return cmp.Or(strings.Join(all, ", "), "–")
}

func wholeOf(run history.Column) string {
	text := fmt.Sprintf("run %s of %s UTC: %s", run.ID, run.Began.UTC().Format(time.DateTime), run.Result)
	for _, part := range groundParts {
		text += fmt.Sprintf(", %s %s", part.what, valuesOf(run, part.of))
	}
	return text
}
