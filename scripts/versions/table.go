package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// cell is one pair of versions in one lane.
type cell struct{ lane, istio, kubernetes string }

func (c cell) String() string {
	return fmt.Sprintf("lane %s, Istio %s, Kubernetes %s", c.lane, c.istio, c.kubernetes)
}

// kind is what was run.
type kind string

// The kinds of run that have rows.
const (
	cases   kind = "cases"   // make e2e
	full    kind = "full"    // make e2e-full
	mutants kind = "mutants" // make e2e-mutants
)

var kinds = []kind{cases, full, mutants}

// row is a line of the table. A row that was never run has neither of the fields after kind.
type row struct {
	cell
	kind    kind
	result  string // 219 PASS
	date    string // 2026-11-28
	envoy   string // 1.39.3
	profile string // default or vanilla
	digest  string // the first digits of the report's sha256
}

const neverRun = "never run"

func (r row) ran() bool { return r.result != neverRun }

// file is the name of the report that the row rests on.
func (r row) file() string {
	return strings.Join([]string{r.lane, r.istio, r.kubernetes, string(r.kind)}, "-") + ".json.zst"
}

func (r row) columns() []string {
	report := ""
	if r.ran() {
		report = fmt.Sprintf("[%s](%s/%s)", r.digest, reports, r.file())
	}
	return []string{r.lane, r.istio, r.kubernetes, string(r.kind), r.result, r.date, r.envoy, r.profile, report}
}

var heads = []string{"Lane", "Istio", "Kubernetes", "Run", "Result", "Date", "Envoy", "Profile", "Report"}

// table is the file: its text, and in the middle of it the rows.
type table struct {
	before, after []string
	rows          []row
}

// parse reads the table, and refuses by line what is no row of it.
func parse(content string) (table, error) {
	var t table
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	begin := slices.IndexFunc(lines, func(line string) bool { return slices.Equal(split(line), heads) })
	if begin < 0 {
		return t, fmt.Errorf("no line has the columns %s", strings.Join(heads, ", "))
	}
	t.before = lines[:begin]
	at := begin + 2 // a row of dashes is between heads and rows
	for ; at < len(lines) && strings.HasPrefix(lines[at], "|"); at++ {
		read, err := parseRow(split(lines[at]))
		if err == nil && slices.ContainsFunc(t.rows, read.same) {
			err = fmt.Errorf("%s, %s: it has a row already", read.cell, read.kind)
		}
		if err != nil {
			return t, fmt.Errorf("line %d: %w", at+1, err)
		}
		t.rows = append(t.rows, read)
	}
	t.after = lines[min(at, len(lines)):]
	return t, nil
}

// split takes the columns from a line of a table in Markdown; nil of any other line.
func split(line string) []string {
	if !strings.HasPrefix(line, "|") {
		return nil
	}
	columns := strings.Split(strings.Trim(line, "|"), "|")
	for i := range columns {
		columns[i] = strings.TrimSpace(columns[i])
	}
	return columns
}

func parseRow(columns []string) (row, error) {
	if len(columns) != len(heads) {
		return row{}, fmt.Errorf("it has %d columns, want %d", len(columns), len(heads))
	}
	r := row{
		cell: cell{lane: columns[0], istio: columns[1], kubernetes: columns[2]}, kind: kind(columns[3]),
		result: columns[4], date: columns[5], envoy: columns[6], profile: columns[7],
	}
	if !slices.Contains(kinds, r.kind) {
		return row{}, fmt.Errorf("run %q: want one of %v", r.kind, kinds)
	}
	digest, _, _ := strings.Cut(columns[8], "]")
	r.digest = strings.TrimPrefix(digest, "[")
	if r.ran() && slices.Contains(columns, "") || !r.ran() && strings.Join(columns[5:], "") != "" {
		return row{}, fmt.Errorf("a row has a result with all that belongs to it, or %q alone", neverRun)
	}
	if !slices.Equal(r.columns(), columns) {
		return row{}, fmt.Errorf("want | %s |", strings.Join(r.columns(), " | "))
	}
	return r, nil
}

// same says whether two rows are of the same run on the same versions.
func (r row) same(other row) bool { return r.cell == other.cell && r.kind == other.kind }

// find returns the row of a run.
func (t table) find(wanted row) (*row, error) {
	i := slices.IndexFunc(t.rows, wanted.same)
	if i < 0 {
		return nil, fmt.Errorf("the table has no row for %s, %s: add one that was %s", wanted.cell, wanted.kind, neverRun)
	}
	return &t.rows[i], nil
}

// String is the file, its columns aligned.
func (t table) String() string {
	lines := [][]string{heads, make([]string, len(heads))}
	for _, r := range t.rows {
		lines = append(lines, r.columns())
	}
	widths := make([]int, len(heads))
	for _, line := range lines {
		for i, column := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(column))
		}
	}
	for i, width := range widths {
		lines[1][i] = strings.Repeat("-", width)
	}
	written := slices.Clone(t.before)
	for _, line := range lines {
		var text strings.Builder
		for i, column := range line {
			fmt.Fprintf(&text, "| %-*s ", widths[i], column)
		}
		written = append(written, text.String()+"|")
	}
	return strings.Join(append(written, t.after...), "\n") + "\n"
}
