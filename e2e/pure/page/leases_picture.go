package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The measures of the picture of leases, in units of its view box.
const (
	leasesWide = 1320
	leasesLeft = 70 // of the numbers of the grid
	curveTall  = 96
	leaseTall  = 16
	leaseApart = 5
	leaseLeast = 1.5 // of the width of what would be too narrow to be seen
	fewNamed   = 12  // leases with a name: the longest, and those that left something open
	ticksMost  = 15
)

// leasePicture is one time line, from the first lease to the end of the last: below its ground a bar for each lease, above it how long
// clients had spoken plaintext by then, over all leases.
type leasePicture struct {
	Left, Width, Height int
	Top, Ground, Foot   int
	Grid                []secondsLine
	Curve               string // the d of an SVG path
	Ticks               []note
	Bars                []leaseBar
	Names               []leaseName

	begin time.Time
	scale float64 // units a second
}

// secondsLine is a time in the clear.
type secondsLine struct {
	Y    int
	Text string
}

// leaseBar is a lease as it is drawn: for how long it was held, and from its first plaintext until the mesh had settled without it.
// Its limit stands beside it where it was held for half of it or longer.
type leaseBar struct {
	Y           int
	Held, Clear stretch
	Limit       *float64
	Open        bool // connections were
}

// stretch is a part of a line.
type stretch struct{ X, Width float64 }

// leaseName is the name of a lease below the bars, with a line up to it.
type leaseName struct {
	note
	At  float64
	Bar int // Y of the foot of its bar
}

// drawLeases draws leases that say when, in their order.
func drawLeases(dated []leaseRow) *leasePicture {
	last := dated[0].from
	for _, row := range dated {
		last = latest(last, row.from.Add(row.held), row.clearFrom.Add(row.clear))
	}
	whole := max(last.Sub(dated[0].from), time.Second)
	p := &leasePicture{Left: leasesLeft, Width: leasesWide, Top: 12, Ground: 12 + curveTall, begin: dated[0].from, scale: (leasesWide - leasesLeft) / whole.Seconds()}
	p.curve(dated)
	p.ticks(whole)
	p.bars(dated, last)
	p.names(dated)
	return p
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

func (p *leasePicture) at(moment time.Time) float64 {
	return leasesLeft + moment.Sub(p.begin).Seconds()*p.scale
}

func (p *leasePicture) stretch(from time.Time, takes time.Duration) stretch {
	return stretch{X: p.at(from), Width: max(takes.Seconds()*p.scale, leaseLeast)}
}

// curve draws the sum of what was in the clear so far; two leases at once count twice, as in the sum.
func (p *leasePicture) curve(dated []leaseRow) {
	type turn struct {
		at   time.Time
		more int // leases
	}
	var turns []turn
	var sum time.Duration
	for _, row := range dated {
		turns = append(turns, turn{row.clearFrom, 1}, turn{row.clearFrom.Add(row.clear), -1})
		sum += row.clear
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	whole := max(sum.Seconds(), 1)
	y := func(seconds float64) float64 { return float64(p.Ground) - seconds/whole*curveTall }
	var d strings.Builder
	fmt.Fprintf(&d, "M%.1f %d", p.at(turns[0].at), p.Ground)
	going, so := 0, 0.0
	for i, one := range turns {
		if i > 0 {
			so += float64(going) * one.at.Sub(turns[i-1].at).Seconds()
		}
		going += one.more
		fmt.Fprintf(&d, "L%.1f %.1f", p.at(one.at), y(so))
	}
	fmt.Fprintf(&d, "H%dV%dZ", leasesWide, p.Ground)
	p.Curve = d.String()
	step := gridStep(int(whole))
	for seconds := step; seconds <= int(whole); seconds += step {
		p.Grid = append(p.Grid, secondsLine{Y: int(y(float64(seconds))), Text: fmt.Sprintf("%d s", seconds)})
	}
}

// ticks tell the time since the first lease.
func (p *leasePicture) ticks(whole time.Duration) {
	step := time.Second
	for _, longer := range []time.Duration{5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour} {
		if whole/step > ticksMost {
			step = longer
		}
	}
	for after := time.Duration(0); after <= whole; after += step {
		p.Ticks = append(p.Ticks, note{X: p.at(p.begin.Add(after)), Text: sinceBegin(after)})
	}
}

// bars puts leases that were held at one time below each other.
func (p *leasePicture) bars(dated []leaseRow, last time.Time) {
	var ends []time.Time // of the last lease of each row
	for _, row := range dated {
		end := latest(row.from.Add(row.held), row.clearFrom.Add(row.clear))
		place := slices.IndexFunc(ends, func(before time.Time) bool { return !row.from.Before(before) })
		if place < 0 {
			place = len(ends)
			ends = append(ends, end)
		}
		ends[place] = end
		bar := leaseBar{Y: p.Ground + leaseApart + place*(leaseTall+leaseApart), Held: p.stretch(row.from, row.held), Clear: p.stretch(row.clearFrom, row.clear), Open: len(row.Open) > 0}
		if limit := row.from.Add(row.limit); 2*row.held >= row.limit && !limit.After(last) {
			x := p.at(limit)
			bar.Limit = &x
		}
		p.Bars = append(p.Bars, bar)
	}
	p.Foot = p.Ground + leaseApart + len(ends)*(leaseTall+leaseApart)
}

// names gives the longest leases, and those that left something open, their names.
func (p *leasePicture) names(dated []leaseRow) {
	longest := slices.SortedStableFunc(slices.Values(dated), func(a, b leaseRow) int { return cmp.Compare(b.clear, a.clear) })
	least := longest[min(len(longest), fewNamed)-1].clear
	var notes []note
	for i, row := range dated {
		if row.clear < least && len(row.Open) == 0 {
			continue
		}
		n := note{X: p.Bars[i].Clear.X, Text: row.Case + " " + row.Clear}
		if len(row.Open) > 0 {
			n.Text, n.Strong = fmt.Sprintf("⚠ %s, %d open afterwards", n.Text, len(row.Open)), true
		}
		p.Names = append(p.Names, leaseName{At: n.X, Bar: p.Bars[i].Y + leaseTall})
		notes = append(notes, n)
	}
	p.Height = p.Foot + rowTall + stack(notes, leasesWide, p.Foot+rowTall) + 4
	for i, n := range notes {
		p.Names[i].note = n
	}
}
