package page

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/tlsdiff"
)

// recordedIn is a report of testdata.
func recordedIn(t *testing.T, name string) report.Report {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// upgraded is the report of a recorded upgrade, without its cases, all but one proxy of each stage, and what must never be answered. In
// it each move begins where the one before it ended, and the outages are of streams, whose connections are reused.
func upgraded(t *testing.T) report.Report {
	t.Helper()
	return recordedIn(t, "upgrade.json")
}

func TestARecordedUpgradeIsDrawnWhole(t *testing.T) {
	r := upgraded(t)
	drawn := trafficOf(r.Upgrade)
	answered, failed, outages, moves := 0, 0, 0, 0
	for _, p := range drawn.Phases[1:] { // without the baseline, as Traffic counts
		answered, failed = answered+p.Counts[0].Answered+p.Counts[1].Answered, failed+p.Counts[0].Failed+p.Counts[1].Failed
	}
	for _, period := range r.Upgrade.Traffic.All() {
		for _, figures := range period.Series {
			outages += len(figures.Outages)
		}
	}
	for _, stage := range r.Upgrade.Stages {
		moves += len(stage.Moves)
	}
	if answered != r.Upgrade.Traffic.Answered || failed != r.Upgrade.Traffic.Failed {
		t.Errorf("%d answered and %d failed, of %d and %d", answered, failed, r.Upgrade.Traffic.Answered, r.Upgrade.Traffic.Failed)
	}
	if len(drawn.Outages) != outages || outages != 5 || len(drawn.Lanes[1].Outages) != outages || len(drawn.Moves) != moves || moves != 12 || len(drawn.Gaps) != 6 {
		t.Errorf("%d outages, %d moves, %d pods that ended", len(drawn.Outages), len(drawn.Moves), len(drawn.Gaps))
	}
	page := rendered(t, r)
	if rendered(t, r) != page {
		t.Error("another page of the same report")
	}
	for _, want := range []string{
		"<h2>Upgrade canary from Istio 1.30.0-9739e10eb9d7 to 1.31.0-eed52ebb66ad: ✓ PASS</h2>", "clients have moved", "namespace servers-first (to) 15.0 s", ">333 ms</text>", "buyer-first to inventory-last: stream",
		fmt.Sprintf(`<rect class="outage" x="%.1f"`, drawn.Lanes[1].Outages[2].X),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestWeakeningsStandFirstWithTheRowThatExplainsThem(t *testing.T) {
	r := upgraded(t)
	r.Upgrade.Changes = []tlsdiff.Change{
		{Class: tlsdiff.Stronger, Field: "stronger"},
		{Class: tlsdiff.Weaker, Field: "client: socket", Before: []string{"tls"}, After: []string{"raw_buffer"}, Row: "a-row", Accepted: true},
		{Class: tlsdiff.Weaker, Field: "client: socket", Before: []string{"tls"}, After: []string{"raw_buffer"}, Row: "a-row"},
		{Class: tlsdiff.Unknown, Field: "client: key"},
	}
	page := rendered(t, r)
	places := []int{}
	for _, want := range []string{"✓ weaker</span>", "<code>a-row</code> accepted</td>", "✗ weaker</span>", "<td>client: socket</td><td>tls</td><td>raw_buffer</td><td><code>a-row</code></td>", "? unknown</span>", "✓ stronger</span>"} {
		places = append(places, strings.Index(page, want))
	}
	for i, place := range places {
		if place < 0 || i > 0 && place < places[i-1] {
			t.Fatalf("places %v", places)
		}
	}
}

func TestAnUpgradeWithoutRequestsBySecondSaysSo(t *testing.T) {
	r := upgraded(t)
	r.Upgrade.Traffic.Baseline.Lanes = nil
	if page := rendered(t, r); !strings.Contains(page, "no requests by second") || strings.Contains(page, `<svg class="traffic"`) || !strings.Contains(page, "clients have moved") {
		t.Error("requests are drawn that the report has not, or its stages are not told")
	}
}
