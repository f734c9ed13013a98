package page

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestMutantsStandByLayerAndByWhoNoticed(t *testing.T) {
	all := sabotagesOf(report.Report{Mutants: []verdict.Mutant{
		{ID: "a", Layer: "policy", Result: verdict.Killed, Observer: []string{"wire", "wire", "settling"}},
		{ID: "b", Layer: "policy", Result: verdict.Killed, Observer: []string{"intent", "wire"}},
		{ID: "c", Layer: "network", Result: verdict.Survived},
		{ID: "d", Layer: "network", Result: verdict.Red},
	}})
	if want := []string{"intent", "wire", "settling"}; !slices.Equal(all.Observers, want) {
		t.Errorf("columns %v, want %v", all.Observers, want)
	}
	var got []string
	for _, row := range all.Rows {
		line := row.Layer
		for _, by := range row.By {
			line += " [" + strings.Join(by, " ") + "]"
		}
		got = append(got, line+" nobody "+strings.Join(row.Nobody, " ")+" unknown "+strings.Join(row.Unknown, " "))
	}
	if want := []string{"network [] [] [] nobody c unknown d", "policy [b] [a b] [a] nobody  unknown "}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Of a recorded run every mutant stands in the table, and none with nobody.
func TestTheMutantsOfARunAreAllInTheTable(t *testing.T) {
	runs := 0
	for file, r := range stored(t) {
		all := sabotagesOf(r)
		if all == nil {
			continue
		}
		runs++
		in := map[string]bool{}
		for _, row := range all.Rows {
			for _, id := range slices.Concat(slices.Concat(row.By...), row.Nobody, row.Unknown) {
				in[id] = true
			}
		}
		if len(in) != len(r.Mutants) || len(in) == 0 {
			t.Errorf("%s: %d of %d mutants", file, len(in), len(r.Mutants))
		}
		if page := rendered(t, r); !strings.Contains(page, "<h2>Mutants: "+r.Kills.String()) || strings.Contains(page, "✗") {
			t.Errorf("%s: the page does not say %s", file, r.Kills)
		}
	}
	if runs == 0 {
		t.Error("no run of mutants is stored")
	}
}
