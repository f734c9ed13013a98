package history

import (
	"fmt"
	"reflect"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestTheTableOfThirtyRuns(t *testing.T) {
	table, found := TableOf(thirty(t))
	if !found || len(table.Runs) != 11 || table.Runs[0].ID != "n19" || table.Earlier != 19 || table.Green != 7 {
		t.Errorf("%d runs, %d earlier, %d green: %+v", len(table.Runs), table.Earlier, table.Green, table.Runs)
	}
	if last := table.Runs[10]; last.Result != hop.Fail || len(last.On) != 1 || last.On[0].Istio != "1.31.1" {
		t.Errorf("%+v", last)
	}
	var said []string
	for _, row := range table.Rows {
		since, slow := "", 0.0
		if row.Since != nil {
			since = fmt.Sprintf("%s %s %t", row.Since.Run, row.Since.Green, row.Since.Fresh)
		}
		if row.Slow != nil {
			slow = row.Slow.Median
		}
		said = append(said, fmt.Sprintf("%s %s|flaky %t|again %t|slow %.1f", row.Case, since, row.Flaky, row.Again, slow))
	}
	want := []string{
		"subset-port-level n29 c0ffee12 true|flaky false|again false|slow 0.0",
		"mesh-strict n27 c0ffee12 false|flaky true|again false|slow 0.0",
		"disable-under-strict |flaky true|again true|slow 0.0",
		"gateway-mutual |flaky false|again false|slow 8.9",
		"permissive-then-strict |flaky true|again false|slow 0.0",
	}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("%q\nwant %q", said, want)
	}
	red := table.Rows[0].Runs[10]
	if red.Result != hop.Fail || !red.Red || red.Differs || red.Reason == "" || red.Seconds != 7.11 {
		t.Errorf("%+v", red)
	}
}

// A seeded history has its wrong cases as rows, the red one first; the run that is red for it alone has none.
func TestTheTableOfASeededHistory(t *testing.T) {
	s := seed(1, false)
	table, _ := TableOf(s.lines)
	var cases []string
	for _, row := range table.Rows {
		cases = append(cases, row.Case)
	}
	if want := []string{s.fresh, s.flaky, s.again, s.slow}; len(cases) != 4 || cases[0] != want[0] || cases[3] != want[3] || table.Green != 20 {
		t.Errorf("%q, want %q; %d green", cases, want, table.Green)
	}
	for _, row := range table.Rows {
		if row.Case == s.flaky && !row.Runs[3].Differs {
			t.Errorf("the attempts of %s differ: %+v", row.Case, row.Runs)
		}
	}
	if again, _ := TableOf(s.lines); !reflect.DeepEqual(again, table) {
		t.Error("another table of the same history")
	}
}

// A case that a later run did not have is red since it was, and what was skipped says nothing.
func TestACaseIsRedWhereItRanLast(t *testing.T) {
	line := func(day int, id string, verdict hop.Result) Line {
		return Line{Run: fmt.Sprintf("r%d", day), Cell: "c", Case: id, Attempt: 1, Began: noon.AddDate(0, 0, day), Verdict: verdict, Reason: "served in plaintext", On: Ground{Suite: fmt.Sprintf("s%d", day)}}
	}
	table, _ := TableOf([]Line{line(0, "a", hop.Pass), line(1, "a", hop.Fail), line(2, "a", hop.Skipped), line(3, "b", hop.Pass)})
	if len(table.Rows) != 1 || table.Rows[0].Since == nil || *table.Rows[0].Since != (Since{"r1", noon.AddDate(0, 0, 1), "s0", false}) {
		t.Errorf("%+v", table.Rows)
	}
	if seen := table.Rows[0].Runs[3]; seen != (Seen{}) {
		t.Errorf("the last run did not have it: %+v", seen)
	}
}

// What a run as a whole is red for, and none of its cases, has a row.
func TestARunThatIsRedForNoCaseHasARow(t *testing.T) {
	whole := Line{Run: "r", Cell: "c", Attempt: 1, Began: noon, Verdict: hop.Inconclusive, Reason: "no case has a verdict"}
	table, _ := TableOf([]Line{whole})
	if len(table.Rows) != 1 || table.Rows[0].Subject != (Subject{Cell: "c"}) || table.Green != 0 {
		t.Errorf("%+v", table)
	}
	if _, found := TableOf(nil); found {
		t.Error("a history without a run has a table")
	}
}
