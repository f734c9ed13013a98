package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// leased is a case under a lease of a minute. All times are seconds; one that begins before noon says not when.
func leased(id string, from, held, clearFrom, exposed float64, open ...hop.FiveTuple) report.Case {
	lease := &verdict.Lease{LimitSeconds: 60, HeldSeconds: held, InTheClear: &verdict.Exposure{Seconds: exposed, Connections: 3, Open: open}}
	if from >= 0 {
		lease.From, lease.InTheClear.From = seconds(from), seconds(clearFrom)
	}
	return report.Case{Case: verdict.Case{ID: id, Lease: lease}}
}

// leasedRun is 100 s long: early is held from 0 to 40 s, late from 60 to 100 s, and another within late's time.
func leasedRun() report.Report {
	r := report.Report{Cases: []report.Case{
		leased("late", 60, 40, 70, 30), leased("another", 65, 10, 70, 5), leased("early", 0, 40, 10, 20, hop.FiveTuple{}), leased("undated", -1, 5, 0, 5),
		{Case: verdict.Case{ID: "none", Lease: &verdict.Lease{HeldSeconds: 5}}}, {},
	}}
	r.Measures.Exposed = report.Exposed{Leases: 4, Seconds: 60, Connections: 12, Open: 1}
	return r
}

func TestLeasesStandInTheOrderOfTime(t *testing.T) {
	all := leasesOf(leasedRun())
	var got []string
	for _, row := range all.Rows {
		got = append(got, fmt.Sprintf("%s after %s clear %s held %s limit %s open %d", row.Case, row.After, row.Clear, row.Held, row.Limit, len(row.Open)))
	}
	want := []string{
		"early after 0:00 clear 20.0 s held 40.0 s limit 1 min open 1", "late after 1:00 clear 30.0 s held 40.0 s limit 1 min open 0",
		"another after 1:05 clear 5.0 s held 10.0 s limit 1 min open 0", "undated after  clear 5.0 s held 5.0 s limit 1 min open 0",
	}
	if !slices.Equal(got, want) || all.Undated != 1 || all.Sum != "1 min" || len(all.Left) != 1 || all.Left[0].Case != "early" {
		t.Errorf("%d undated, %s, %d left:\n%s\nwant\n%s", all.Undated, all.Sum, len(all.Left), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if all := leasesOf(of(good)); all != nil {
		t.Errorf("a run without leases has %+v", all)
	}
}

func TestALeaseIsDrawnWhereItsTimesAre(t *testing.T) {
	line := leasesOf(leasedRun()).Line
	const scale = (leasesWide - leasesLeft) / 100.
	is := func(s stretch, from, takes float64) bool {
		return near(s.X, leasesLeft+from*scale) && near(s.Width, takes*scale)
	}
	early, late, another := line.Bars[0], line.Bars[1], line.Bars[2]
	if len(line.Bars) != 3 || !is(early.Held, 0, 40) || !is(early.Clear, 10, 20) || !is(late.Held, 60, 40) || !is(late.Clear, 70, 30) || !is(another.Clear, 70, 5) {
		t.Errorf("%+v", line.Bars)
	}
	if early.Y != late.Y || another.Y != late.Y+leaseTall+leaseApart {
		t.Errorf("two leases at one time lie on each other: %d, %d and %d", early.Y, late.Y, another.Y)
	}
	// The limit of late is after the end of the line, and another was not held for half of its own.
	if early.Limit == nil || !near(*early.Limit, leasesLeft+60*scale) || late.Limit != nil || another.Limit != nil || !early.Open || late.Open {
		t.Errorf("limits: %+v", line.Bars)
	}
	// There were 20 s in the clear after 30 s, then 30 s of one lease with 5 s of another: 55 in all, which is the whole height.
	ground := float64(line.Ground)
	for _, want := range []string{
		fmt.Sprintf("M%.1f %d", leasesLeft+10*scale, line.Ground), fmt.Sprintf("L%.1f %.1f", leasesLeft+30*scale, ground-20./55*curveTall),
		fmt.Sprintf("L%.1f %.1f", leasesLeft+75*scale, ground-30./55*curveTall), fmt.Sprintf("L%.1f %.1f", leasesLeft+100*scale, ground-curveTall),
	} {
		if !strings.Contains(line.Curve, want) {
			t.Errorf("no %s in %s", want, line.Curve)
		}
	}
	if line.Names[0].Text != "⚠ early 20.0 s, 1 open afterwards" || !line.Names[0].Strong || len(line.Names) != 3 {
		t.Errorf("names %+v", line.Names)
	}
}

func TestOnlyTheLongestLeasesAreNamed(t *testing.T) {
	var r report.Report
	for i := range 30 {
		r.Cases = append(r.Cases, leased(fmt.Sprintf("case-%02d", i), float64(10*i), 9, float64(10*i), float64(i%10)+float64(i)/100))
	}
	r.Cases = append(r.Cases, leased("left", 300, 9, 300, 0, hop.FiveTuple{}))
	line := leasesOf(r).Line
	var got []string
	for _, name := range line.Names {
		got = append(got, name.Text)
	}
	if len(got) != fewNamed+1 || !slices.Contains(got, "case-06 6.1 s") || slices.Contains(got, "case-05 5.0 s") || got[fewNamed] != "⚠ left 0 ms, 1 open afterwards" {
		t.Errorf("%d: %q", len(got), got)
	}
}

// Of leases that say not when, as older reports have them, nothing is drawn, and the table says so.
func TestALeaseThatSaysNotWhenHasNoPlace(t *testing.T) {
	r := of(verdict.Case{ID: "a", Lease: leased("", -1, 5, 0, 5).Lease})
	if page := rendered(t, r); strings.Contains(page, `<svg class="leases"`) || !strings.Contains(page, "Of 1 the report does not say when.") || !strings.Contains(page, `<td class="number">not said</td>`) {
		t.Error("its place is drawn, or it is not said that it is not known")
	}
}

func TestTheLeasesOfARecordedRunAreAllDrawn(t *testing.T) {
	r := recordedIn(t, "leases.json")
	all := leasesOf(r)
	if len(all.Line.Bars) != r.Measures.Exposed.Leases || all.Undated != 0 || all.Begins != "16:11:37 UTC" {
		t.Errorf("%d of %d, since %s", len(all.Line.Bars), r.Measures.Exposed.Leases, all.Begins)
	}
	for i, bar := range all.Line.Bars {
		if bar.Clear.X < bar.Held.X || bar.Clear.X+bar.Clear.Width > leasesWide+leaseLeast {
			t.Errorf("%s is in the clear outside of its lease or of the line: %+v", all.Rows[i].Case, bar)
		}
	}
	page := rendered(t, r)
	if rendered(t, r) != page {
		t.Error("another page of the same report")
	}
	for _, want := range []string{"<h2>In the clear under leases: 1 min 8 s</h2>", ">both-ends-in-order 4.4 s</text>", `<a href="#case-both-ends-in-order">both-ends-in-order</a></th><td class="number">0:00</td><td class="number">4.4 s</td><td class="number">4.7 s</td><td class="number">10 min</td><td class="number">86</td>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestATimeHasMinutesWhereItIsLong(t *testing.T) {
	for d, want := range map[time.Duration]string{350 * time.Millisecond: "350 ms", 59 * time.Second: "59.0 s", time.Minute: "1 min", 119700 * time.Millisecond: "2 min", 68400 * time.Millisecond: "1 min 8 s"} {
		if got := lasted(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
