package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestLeasesStandWhereTheirTimesAre(t *testing.T) {
	lease := func(id string, from, held, clearFrom, exposed int, open ...hop.FiveTuple) report.Case {
		one := &verdict.Lease{LimitSeconds: 600, HeldSeconds: float64(held), InTheClear: &verdict.Exposure{Seconds: float64(exposed), Connections: 3, Open: open}}
		if from >= 0 {
			one.From, one.InTheClear.From = noon.Add(time.Duration(from)*time.Second), noon.Add(time.Duration(clearFrom)*time.Second)
		}
		return report.Case{Case: verdict.Case{ID: id, Lease: one}}
	}
	all := leasesOf(report.Report{Cases: []report.Case{
		lease("late", 60, 40, 70, 30), lease("early", 0, 20, 5, 10, hop.FiveTuple{}), lease("undated", -1, 5, 0, 5),
		{Case: verdict.Case{ID: "none", Lease: &verdict.Lease{HeldSeconds: 5}}}, {},
	}})
	var got []string
	for _, row := range all.Rows {
		line := fmt.Sprintf("%s held %s clear %s open %d", row.Case, row.HeldFor, row.ClearFor, len(row.Open))
		if row.Held != nil {
			line += fmt.Sprintf(" %v %v", *row.Held, *row.Clear)
		}
		got = append(got, line)
	}
	want := []string{"undated held 5.0 s clear 5.0 s open 0", "early held 20.0 s clear 10.0 s open 1 {0 200} {50 100}", "late held 40.0 s clear 30.0 s open 0 {600 400} {700 300}"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || all.Undated != 1 || all.Length != "100.0 s" {
		t.Errorf("%d undated, %s:\n%s\nwant\n%s", all.Undated, all.Length, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if all := leasesOf(of(good)); all != nil {
		t.Errorf("a run without leases has %+v", all)
	}
}
