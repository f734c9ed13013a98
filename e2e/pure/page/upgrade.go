package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// The measures of the drawn upgrade, in units of its view box.
const (
	upgradeWidth = 1320
	upgradeLeft  = 110 // of the names of the lanes
	upgradeRight = 40  // for the name of the last phase, which may be short
	phaseGap     = 12
	phaseHead    = 44
	laneHeight   = 90
	laneGap      = 34
)

// laneNames are those of the lanes of a period, in their order (availability.Report.Lanes).
var laneNames = []string{"new connections", "reused ones"}

// traffic is what went on while Istio moved: a phase for each stage, in which its moves were made, and in it the requests of each second.
type traffic struct {
	Width, Height int
	Foot          int // where the outages are
	Lanes         []lane
	Phases        []phase
	Outages       []outage
}

// lane is one kind of connections. Y is its bottom.
type lane struct {
	Name    string
	Y, Most int // Most is the requests of its fullest second
}

// phase is the time of the moves that led to a stage; Width and X are of the picture.
type phase struct {
	Stage    string
	Result   hop.Result
	Moves    []string
	X, Width float64
	Seconds  float64
	Areas    []string // of each lane, the d of an SVG path
	Answered []int
	Failed   []int
	Failures []failure
	Outages  []stretchOfTime
}

// failure is a second in which requests of a lane failed.
type failure struct {
	X     float64
	Y     int
	Count int
}

// stretchOfTime is an outage as it is drawn.
type stretchOfTime struct{ X, Width float64 }

// outage is a time in which every request of a series failed.
type outage struct {
	Stage, Series string
	After         string // since the phase began
	Millis        int64
	Above         bool // its budget
}

// trafficOf returns nil of a run that upgraded nothing, or whose report has no requests by second.
func trafficOf(v *upgrade.Verdict) *traffic {
	if v == nil || len(v.Traffic.Baseline.Lanes) != len(laneNames) {
		return nil
	}
	periods := v.Traffic.All()
	foot := phaseHead + len(laneNames)*(laneHeight+laneGap)
	t := traffic{Width: upgradeWidth, Height: foot + 20, Foot: foot + 4}
	for i, name := range laneNames {
		t.Lanes = append(t.Lanes, lane{Name: name, Y: phaseHead + i*(laneHeight+laneGap) + laneHeight, Most: mostOf(periods)})
	}
	total := 0.0
	for _, period := range periods {
		total += period.To.Sub(period.From).Seconds()
	}
	scale := float64(upgradeWidth-upgradeLeft-upgradeRight-len(periods)*phaseGap) / max(total, 1)
	x := float64(upgradeLeft)
	for _, period := range periods {
		p := t.phase(*v, period, x, scale)
		t.Phases = append(t.Phases, p)
		x += p.Width + phaseGap
	}
	return &t
}

// mostOf is the requests of the fullest second, at least one.
func mostOf(periods []upgrade.Period) int {
	most := 1
	for _, period := range periods {
		for _, l := range period.Lanes {
			for i := range l.Answered {
				most = max(most, l.Answered[i]+l.Failed[i])
			}
		}
	}
	return most
}

func (t *traffic) phase(v upgrade.Verdict, period upgrade.Period, x, scale float64) phase {
	p := phase{Stage: period.Stage, Result: hop.Pass, X: x, Seconds: period.To.Sub(period.From).Seconds()}
	p.Width = p.Seconds * scale
	if stage := slices.IndexFunc(v.Stages, func(s upgrade.Judged) bool { return s.Stage == period.Stage }); stage >= 0 {
		p.Result = v.Stages[stage].Result
		for _, made := range v.Stages[stage].Moves {
			p.Moves = append(p.Moves, fmt.Sprintf("%s %.1f s", made.Move, made.Seconds))
		}
	}
	for i, l := range period.Lanes {
		p.draw(l, t.Lanes[i], scale)
	}
	for _, figures := range period.Series {
		for _, out := range figures.Outages {
			after := out.From.Sub(period.From)
			p.Outages = append(p.Outages, stretchOfTime{X: x + after.Seconds()*scale, Width: max(float64(out.Millis)/1000*scale, 2)})
			t.Outages = append(t.Outages, outage{
				Stage: period.Stage, Series: figures.Series, After: length(after.Round(time.Millisecond)), Millis: out.Millis, Above: out.Millis > period.Budget.LongestOutageMillis,
			})
		}
	}
	return p
}

// draw adds a lane: the answered requests as an area of steps, and a mark for each second in which some failed.
func (p *phase) draw(l availability.Lane, in lane, scale float64) {
	var d strings.Builder
	answered, failed := 0, 0
	fmt.Fprintf(&d, "M%.1f %d", p.X, in.Y)
	for i, count := range l.Answered {
		end := min(p.X+float64(i+1)*scale, p.X+p.Width)
		fmt.Fprintf(&d, "V%dH%.1f", in.Y-count*laneHeight/in.Most, end)
		if l.Failed[i] > 0 {
			p.Failures = append(p.Failures, failure{X: min(p.X+(float64(i)+.5)*scale, p.X+p.Width), Y: in.Y, Count: l.Failed[i]})
		}
		answered += count
		failed += l.Failed[i]
	}
	fmt.Fprintf(&d, "V%dZ", in.Y)
	p.Areas, p.Answered, p.Failed = append(p.Areas, d.String()), append(p.Answered, answered), append(p.Failed, failed)
}
