package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// seconds are after noon.
func seconds(s float64) time.Time { return noon.Add(inSeconds(s)) }

// steady is a period without a failure.
func steady(stage string, from, to float64) upgrade.Period {
	perSecond := func(count int) []int { return slices.Repeat([]int{count}, int(to-from)) }
	return upgrade.Period{Stage: stage, Report: availability.Report{From: seconds(from), To: seconds(to), Lanes: []availability.Lane{
		{Answered: perSecond(10), Failed: perSecond(0)}, {Reused: true, Answered: perSecond(20), Failed: perSecond(0)},
	}}}
}

// troubled is an upgrade of two phases of 40 and 60 seconds, a minute apart, of which the second goes wrong after 15 s.
func troubled() upgrade.Verdict {
	moved := steady("moved", 100, 160)
	moved.Lanes[0].Answered[15], moved.Lanes[0].Failed[15] = 5, 5
	moved.Lanes[1].Failed[16], moved.Lanes[1].Failed[30] = 1, 2
	moved.Budget.LongestOutageMillis = 400
	moved.Series = []availability.Figures{
		{Series: "one", Outages: []availability.Outage{{From: seconds(115), Millis: 500}}, Counts: availability.Counts{Gaps: []availability.Gap{{Pod: "a/b", From: seconds(120), To: seconds(130), Why: availability.Lost}}}},
		{Series: "two", Outages: []availability.Outage{{From: seconds(116), Millis: 300, Reused: true}, {From: seconds(117), Millis: 200, Reused: true}}, Counts: availability.Counts{Gaps: []availability.Gap{
			{Pod: "a/b", From: seconds(120), To: seconds(130), Why: availability.Lost}, {Pod: "a/c", From: seconds(140), Why: availability.Terminated},
		}}},
	}
	return upgrade.Verdict{
		Traffic: upgrade.Traffic{Baseline: steady("before", 0, 40), Periods: []upgrade.Period{moved}},
		Stages: []upgrade.Judged{{Stage: "before", Result: hop.Pass}, {Stage: "moved", Result: hop.Fail, Moves: []upgrade.Made{
			{Move: upgrade.Move{Act: upgrade.ControlPlane, To: upgrade.To}, From: seconds(100), Seconds: 20}, {Move: upgrade.Move{Act: upgrade.Tag, To: upgrade.To}, From: seconds(130), Seconds: .5},
		}}},
	}
}

// scale is how many units a second of troubled has: what is left of the width for its 100 seconds.
const scale = (trafficWide - trafficLeft - phaseApart) / 100.

func near(a, b float64) bool { return max(a-b, b-a) < .001 }

func TestAPhaseIsAsWideAsItTook(t *testing.T) {
	v := troubled()
	drawn := trafficOf(&v)
	before, moved := drawn.Phases[0], drawn.Phases[1]
	if !near(before.X, trafficLeft) || !near(before.Width, 40*scale) || !near(moved.X, trafficLeft+40*scale+phaseApart) || !near(moved.X+moved.Width, trafficWide) {
		t.Errorf("%+v and %+v", before, moved)
	}
	if before.Name.Text != "✓ before" || before.Name.Second != "0:00, 40 s" || moved.Name.Text != "✗ moved" || moved.Name.Second != "1:40, 60 s" {
		t.Errorf("%+v and %+v", before.Name, moved.Name)
	}
	if len(drawn.Breaks) != 1 {
		t.Errorf("%d breaks between two phases", len(drawn.Breaks))
	}
}

func TestRequestsStandByTheSecondAndByTheirConnection(t *testing.T) {
	v := troubled()
	drawn := trafficOf(&v)
	fresh, reused := drawn.Lanes[0], drawn.Lanes[1]
	// A second of 20 requests has the whole height, one of 10 half of it; the second with 5 a quarter.
	half, quarter := fresh.Bottom-laneTall/2, fresh.Bottom-laneTall/4
	at := drawn.Phases[1].X + 15*scale
	if want := fmt.Sprintf("V%dH%.1fV%dH%.1fV%d", half, at, quarter, at+scale, half); !strings.Contains(fresh.Areas[1], want) || !strings.Contains(reused.Areas[1], fmt.Sprintf("V%dH", reused.Top)) {
		t.Errorf("no %s in %s, or the lane of 20 is not as high as it may be: %s", want, fresh.Areas[1], reused.Areas[1])
	}
	if len(fresh.Failed) != 1 || !near(fresh.Failed[0].X, at) || !near(fresh.Failed[0].Width, scale) || !near(fresh.Failed[0].Height, laneTall/4) || reused.Failed[0].Height != failedLeast {
		t.Errorf("columns %+v and %+v", fresh.Failed, reused.Failed)
	}
	// 16 and 30 are far enough apart for a number of each.
	if len(reused.Sums) != 2 || reused.Sums[0].Text != "✗ 1" || !near(reused.Sums[1].X, drawn.Phases[1].X+30.5*scale) {
		t.Errorf("sums %+v", reused.Sums)
	}
	if counts := drawn.Phases[1].Counts; counts[0] != (count{595, 5}) || counts[1] != (count{1200, 3}) {
		t.Errorf("counts %+v", counts)
	}
	if want := []failure{{"moved", "new", "15 s", 5, 10}, {"moved", "reused", "16 s", 1, 21}, {"moved", "reused", "30 s", 2, 22}}; !slices.Equal(drawn.Failures, want) {
		t.Errorf("got %+v, want %+v", drawn.Failures, want)
	}
}

func TestAnOutageIsWhereItWasAndAsLong(t *testing.T) {
	v := troubled()
	drawn := trafficOf(&v)
	fresh, reused, begin := drawn.Lanes[0], drawn.Lanes[1], drawn.Phases[1].X
	if one := fresh.Outages; len(one) != 1 || !near(one[0].X, begin+15*scale) || !near(one[0].Width, scale/2) || !one[0].Strong || fresh.Lengths[0].Text != "✗ 500 ms" {
		t.Errorf("above its budget: %+v, %+v", one, fresh.Lengths)
	}
	if two := reused.Outages; len(two) != 2 || !near(two[1].X, begin+17*scale) || two[1].Width != markLeast || two[1].Strong || len(reused.Lengths) != 1 || reused.Lengths[0].Text != "2 of up to 300 ms" {
		t.Errorf("within it: %+v, %+v", two, reused.Lengths)
	}
	want := []outage{{"moved", "one", "new", "15.0 s", 500, true}, {"moved", "two", "reused", "16.0 s", 300, false}, {"moved", "two", "reused", "17.0 s", 200, false}}
	if !slices.Equal(drawn.Outages, want) {
		t.Errorf("got %+v, want %+v", drawn.Outages, want)
	}
}

func TestAMoveIsALineFromItsBeginToItsEnd(t *testing.T) {
	v := troubled()
	v.Stages[0].Moves = []upgrade.Made{{Move: upgrade.Move{Act: upgrade.Precheck, To: upgrade.To}, Seconds: 1}} // which does not say when
	drawn := trafficOf(&v)
	begin := drawn.Phases[1].X
	if len(drawn.Moves) != 2 || !near(drawn.Moves[0].X, begin) || !near(drawn.Moves[0].Width, 20*scale) || !near(drawn.Moves[1].X, begin+30*scale) || drawn.Moves[1].Name.Text != "tag (to) 500 ms" {
		t.Errorf("%+v", drawn.Moves)
	}
	if moves := drawn.Phases[0].Moves; !slices.Equal(moves, []string{"precheck (to) 1.0 s"}) {
		t.Errorf("in the table: %v", moves)
	}
}

func TestWhatAProberDidNotAskIsHatchedOnce(t *testing.T) {
	v := troubled()
	drawn := trafficOf(&v)
	lost := hatched(drawn.Phases[1].X+20*scale, 10*scale, drawn.Head, drawn.Foot)
	want := []gap{{"moved", "a/b", "lost", "20.0 s", "30.0 s", lost}, {"moved", "a/c", "terminated", "40.0 s", "", ""}}
	if !slices.Equal(drawn.Gaps, want) {
		t.Errorf("got %+v, want %+v", drawn.Gaps, want)
	}
}

// Every stroke of a hatching lies in its rectangle, whichever side is longer.
func TestHatchingStaysInItsRectangle(t *testing.T) {
	for _, side := range []struct {
		wide float64
		tall int
	}{{14, 200}, {200, 14}, {3, 3}} {
		for _, stroke := range strings.Split(hatched(100, side.wide, 50, 50+side.tall), "M")[1:] {
			var x1, y1, x2, y2 float64
			if _, err := fmt.Sscanf(stroke, "%f %fL%f %f", &x1, &y1, &x2, &y2); err != nil {
				t.Fatal(stroke, err)
			}
			for _, end := range [][2]float64{{x1, y1}, {x2, y2}} {
				if end[0] < 100 || end[0] > 100+side.wide || end[1] < 50 || end[1] > float64(50+side.tall) {
					t.Errorf("%g by %d: %s", side.wide, side.tall, stroke)
				}
			}
			if x1 >= x2 || !near(x2-x1, y1-y2) {
				t.Errorf("%s does not slant", stroke)
			}
		}
	}
}

func TestAReportWithOddLanesIsNotDrawn(t *testing.T) {
	for name, spoil := range map[string]func(*upgrade.Verdict){
		"none":            func(v *upgrade.Verdict) { v.Traffic.Baseline.Lanes = nil },
		"one of a period": func(v *upgrade.Verdict) { v.Traffic.Periods[0].Lanes = v.Traffic.Periods[0].Lanes[:1] },
		"fewer seconds":   func(v *upgrade.Verdict) { v.Traffic.Periods[0].Lanes[1].Failed = []int{0} },
	} {
		v := troubled()
		if spoil(&v); trafficOf(&v) != nil {
			t.Errorf("%s: drawn", name)
		}
	}
	if trafficOf(nil) != nil {
		t.Error("a run without an upgrade has a picture of one")
	}
}

func TestAGridHasFewLinesOfRoundNumbers(t *testing.T) {
	for most, want := range map[int]int{1: 1, 4: 1, 5: 2, 24: 5, 86: 20, 109: 50, 1200: 500} {
		if got := gridStep(most); got != want {
			t.Errorf("%d: by %d, want %d", most, got, want)
		}
	}
}
