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
		{ID: "e", Result: verdict.Invalid},
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
	if want := []string{"policy [b] [a b] [a] nobody  unknown ", "network [] [] [] nobody c unknown d", " [] [] [] nobody  unknown e"}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestASurvivorStandsOutAndEachNameLeadsToItsMutant(t *testing.T) {
	r := report.Fold(report.Run{
		Specs:   []report.Spec{{ID: "a", Kind: report.OfMutant, State: "passed"}, {ID: "b", Kind: report.OfMutant, State: "passed"}},
		Mutants: map[string]verdict.Mutant{"a": {ID: "a", Layer: "policy", Result: verdict.Killed, Observer: []string{"wire", "client", "wire"}}, "b": {ID: "b", Layer: "policy", Result: verdict.Survived}},
	})
	page := rendered(t, r)
	for _, want := range []string{
		"<h2>Mutants: 1 killed, 1 survived, 0 invalid, 0 with a red baseline: 50 %</h2>", `<span class="badge fail">✗ 1</span><br><a href="#mutant-b">b</a>`,
		`<details><summary>1</summary><a href="#mutant-a">a</a></details>`, `<tr id="mutant-a">`, `<tr id="mutant-b">`, "<td>client, wire</td>",
		`<th scope="row">all</th><td>1</td><td>1</td><td>1</td><td>0</td>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
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
