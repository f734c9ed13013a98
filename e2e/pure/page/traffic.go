package page

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// The measures of the picture of an upgrade, in units of its view box.
const (
	trafficWide = 1320
	trafficLeft = 128 // of the names of the lanes and the numbers of their grids
	phaseApart  = 14
	headTall    = 2 * rowTall // of the name of a stage and when its phase began
	laneApart   = 20
	moveTall    = 18 // from the foot of the lanes to the first row of names of moves
)

// traffic is what went on while Istio moved, as a picture: a phase for each stage, with its moves, and in two lanes the requests of each
// second; and what of it stands in tables.
type traffic struct {
	Left          int // of the lanes
	Width, Height int
	Head, Foot    int // the lanes are between
	Phases        []phase
	Breaks        []string // hatched: between the phases nothing was sent
	Lanes         []lane
	Moves         []moveMark
	Outages       []outage
	Gaps          []gap
	Failures      []failure
}

// moveMark is a move as it is drawn: a line from when it began until it was done, and its name below.
type moveMark struct {
	X, Width float64
	Name     note
}

// FromName is where the line from the name up to the move begins.
func (m moveMark) FromName() int { return m.Name.Y - rowTall + 4 }

// failure is a second in which requests failed, as a row of a table.
type failure struct {
	Stage, Lane string
	After       string // since the phase began
	Failed, Of  int
}

// trafficOf returns nil of a run that upgraded nothing, or whose report has not the requests of each second.
func trafficOf(v *upgrade.Verdict) *traffic {
	if v == nil || !bySecond(*v) {
		return nil
	}
	t := &traffic{Left: trafficLeft, Width: trafficWide, Phases: phasesOf(*v, trafficLeft, trafficWide, phaseApart)}
	t.nameStages()
	t.Foot = t.Head
	for place, name := range []string{"new", "reused"} {
		t.lay(place, name)
	}
	for i, p := range t.Phases {
		if i > 0 {
			before := t.Phases[i-1].X + t.Phases[i-1].Width
			t.Breaks = append(t.Breaks, hatched(before, p.X-before, t.Head, t.Foot))
		}
		t.Gaps = append(t.Gaps, gapsOf(p, t.Head, t.Foot)...)
	}
	t.nameMoves()
	return t
}

// bySecond tells whether the report has the requests of each second, of new connections and of reused ones.
func bySecond(v upgrade.Verdict) bool {
	for _, period := range v.Traffic.All() {
		if len(period.Lanes) != 2 || len(period.Lanes[0].Answered) != len(period.Lanes[0].Failed) || len(period.Lanes[1].Answered) != len(period.Lanes[1].Failed) {
			return false
		}
	}
	return true
}

// nameStages puts the names of the stages above the lanes.
func (t *traffic) nameStages() {
	var names []note
	for _, p := range t.Phases {
		names = append(names, p.Name)
	}
	inRow, rows := rowsOf(names, trafficWide)
	t.Head = headTall*rows + 6
	for i := range t.Phases {
		names[i].Y = t.Head - headTall*(inRow[i]+1) + 8
		t.Phases[i].Name = names[i]
	}
}

// lay draws a lane below what is drawn already: its requests, and the outages that began on its connections.
func (t *traffic) lay(place int, name string) {
	l := newLane(name, t.Foot+laneApart, mostOf(t.Phases))
	for i := range t.Phases {
		p := &t.Phases[i]
		requests := p.period.Lanes[place]
		p.Counts = append(p.Counts, l.draw(*p, requests))
		t.Failures = append(t.Failures, failuresOf(*p, name, requests)...)
		outages, bars := outagesOf(*p, name, requests.Reused)
		t.Outages = append(t.Outages, outages...)
		l.Outages, l.Lengths = append(l.Outages, bars...), append(l.Lengths, lengthsOf(outages, bars)...)
	}
	t.Foot = l.Bottom
	if len(l.Failed) > 0 {
		t.Foot += failedMost + rowTall
	}
	if len(l.Outages) > 0 {
		l.OutagesTop = t.Foot + 4
		t.Foot = l.OutagesTop + outageStrong + stack(l.Lengths, trafficWide, l.OutagesTop+outageStrong)
	}
	t.Lanes = append(t.Lanes, l)
}

// mostOf is the requests of the fullest second, at least one.
func mostOf(phases []phase) int {
	most := 1
	for _, p := range phases {
		for _, requests := range p.period.Lanes {
			most = max(most, slices.Max(append([]int{1}, requests.Answered...)))
		}
	}
	return most
}

// failuresOf are the seconds of a phase in which requests of a lane failed.
func failuresOf(p phase, lane string, requests availability.Lane) []failure {
	var all []failure
	for second, failed := range requests.Failed {
		if failed > 0 {
			all = append(all, failure{Stage: p.Stage, Lane: lane, After: fmt.Sprintf("%d s", second), Failed: failed, Of: failed + requests.Answered[second]})
		}
	}
	return all
}

// nameMoves draws the moves that say when they began, with their names below the lanes.
func (t *traffic) nameMoves() {
	var names []note
	for _, p := range t.Phases {
		for i, made := range p.moves {
			if made.From.IsZero() {
				continue
			}
			x := p.at(made.From)
			t.Moves = append(t.Moves, moveMark{X: x, Width: max(made.Seconds*p.scale, markLeast)})
			names = append(names, note{X: x, Text: p.Moves[i]})
		}
	}
	t.Height = t.Foot + moveTall + stack(names, trafficWide, t.Foot+moveTall)
	for i, name := range names {
		t.Moves[i].Name = name
	}
}
