package page

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/e2e/pure/upgrade"
)

func period(stage string, from, seconds int, lanes ...availability.Lane) upgrade.Period {
	begin := noon.Add(time.Duration(from) * time.Second)
	return upgrade.Period{Stage: stage, Report: availability.Report{From: begin, To: begin.Add(time.Duration(seconds) * time.Second), Lanes: lanes}}
}

func TestRequestsStandByTheSecond(t *testing.T) {
	moved := period("moved", 600, 3, availability.Lane{Answered: []int{10, 5, 10}, Failed: []int{0, 5, 0}}, availability.Lane{Reused: true, Answered: []int{20, 20, 20}, Failed: []int{0, 0, 0}})
	moved.Budget.LongestOutageMillis = 400
	moved.Series = []availability.Figures{{Series: "client to server: new", Outages: []availability.Outage{{From: noon.Add(601 * time.Second), Millis: 500}}}}
	flat := availability.Lane{Answered: []int{10}, Failed: []int{0}}
	drawn := trafficOf(&upgrade.Verdict{
		Traffic: upgrade.Traffic{Baseline: period("before", 0, 1, flat, flat), Periods: []upgrade.Period{moved}},
		Stages:  []upgrade.Judged{{Stage: "moved", Result: hop.Fail, Moves: []upgrade.Made{{Move: upgrade.Move{Act: "control-plane"}, Seconds: 2}}}},
	})
	before, after := drawn.Phases[0], drawn.Phases[1]
	second := before.Width
	if before.X != upgradeLeft || after.X != upgradeLeft+second+phaseGap || max(after.Width-3*second, 3*second-after.Width) > .01 || after.Result != hop.Fail || !slices.Equal(after.Moves, []string{"control-plane 2.0 s"}) {
		t.Errorf("phases %+v and %+v", before, after)
	}
	if !slices.Equal(after.Answered, []int{25, 60}) || !slices.Equal(after.Failed, []int{5, 0}) || drawn.Lanes[0].Most != 20 {
		t.Errorf("answered %v, failed %v of at most %d", after.Answered, after.Failed, drawn.Lanes[0].Most)
	}
	if len(after.Failures) != 1 || after.Failures[0].Count != 5 || after.Failures[0].X != after.X+1.5*second {
		t.Errorf("failures %+v", after.Failures)
	}
	if len(after.Outages) != 1 || after.Outages[0].X != after.X+second || after.Outages[0].Width != second/2 {
		t.Errorf("outages %+v", after.Outages)
	}
	if want := []outage{{Stage: "moved", Series: "client to server: new", After: "1.0 s", Millis: 500, Above: true}}; !slices.Equal(drawn.Outages, want) {
		t.Errorf("outages %+v, want %+v", drawn.Outages, want)
	}
	// A lane of 20 requests fills its height, one of 10 half of it.
	if fewer, all := after.Areas[0], after.Areas[1]; !strings.Contains(fewer, "V89") || !strings.Contains(all, "V168") {
		t.Errorf("areas %s and %s", fewer, all)
	}
}

// upgraded is the report of a recorded upgrade, without its cases and all but a few of its series.
func upgraded(t *testing.T) report.Report {
	t.Helper()
	content, err := os.ReadFile("testdata/upgrade.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnUpgradeHasItsPhasesOutagesAndWeakenings(t *testing.T) {
	r := upgraded(t)
	r.Upgrade.Changes = []tlsdiff.Change{{Class: tlsdiff.Stronger, Field: "stronger"}, {Class: tlsdiff.Weaker, Field: "client: socket", Before: []string{"tls"}, After: []string{"raw_buffer"}, Row: "a-row"}}
	page := rendered(t, r)
	for _, want := range []string{
		"Upgrade canary: PASS", `<text class="stage"`, "clients have moved", `class="failed"`, `class="outage"`, "333 ms",
		"✗ weaker</span>", "<td>client: socket</td><td>tls</td><td>raw_buffer</td><td><code>a-row</code></td>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Index(page, "✗ weaker") > strings.Index(page, "✓ stronger") {
		t.Error("what is stronger stands before what is weaker")
	}
}

func TestAnUpgradeWithoutRequestsBySecondSaysSo(t *testing.T) {
	r := upgraded(t)
	r.Upgrade.Traffic.Baseline.Lanes = nil
	if page := rendered(t, r); !strings.Contains(page, "no requests by second") || strings.Contains(page, `class="traffic"`) {
		t.Error("requests are drawn that the report has not")
	}
}
