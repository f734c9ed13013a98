package page

import (
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/availability"
)

// The measures of a lane, in units of the view box of an upgrade's picture.
const (
	laneTall     = 84
	failedMost   = 22 // of the columns below the line
	failedLeast  = 6
	markLeast    = 3  // of the width of what would be too narrow to be seen
	failedApart  = 34 // of the numbers of failed requests
	gridLinesMax = 4
)

// lane is the requests over one kind of connections: those that were answered as an area above its line, those that failed as columns
// below it.
type lane struct {
	Name        string
	Top, Bottom int
	Grid        []gridLine
	Areas       []string // of each phase, the d of an SVG path
	Failed      []column
	Sums        []note // of the columns that stand close together
	OutagesTop  int
	Outages     []outageBar
	Lengths     []note // of outages
	scale       float64
}

// gridLine is a number of requests in a second.
type gridLine struct{ Y, Requests int }

// column is a second in which requests failed.
type column struct{ X, Width, Height float64 }

// newLane is one whose highest second has so many requests.
func newLane(name string, top, most int) lane {
	l := lane{Name: name, Top: top, Bottom: top + laneTall, scale: laneTall / float64(most)}
	step := gridStep(most)
	for requests := step; requests <= most; requests += step {
		l.Grid = append(l.Grid, gridLine{Y: l.y(requests), Requests: requests})
	}
	return l
}

// gridStep is the least of 1, 2, 5, 10, … of which few make a number.
func gridStep(most int) int {
	for step := 1; ; step *= 10 {
		for _, times := range []int{1, 2, 5} {
			if most/(times*step) <= gridLinesMax {
				return times * step
			}
		}
	}
}

// NameY is the foot of the lane's name.
func (l lane) NameY() int { return l.Top + laneTall/2 }

// y is the height at which a number of requests is.
func (l lane) y(requests int) int { return l.Bottom - int(float64(requests)*l.scale) }

// draw adds the requests of a phase. Of its last second, which is no whole one, what was answered is not drawn: it would look like less.
func (l *lane) draw(p phase, requests availability.Lane) count {
	var sum count
	var area strings.Builder
	fmt.Fprintf(&area, "M%.1f %d", p.X, l.Bottom)
	whole := int(p.Seconds)
	for i, answered := range requests.Answered {
		x := p.X + float64(i)*p.scale
		if i < whole {
			fmt.Fprintf(&area, "V%dH%.1f", l.y(answered), x+p.scale)
		}
		sum.Answered += answered
		if failed := requests.Failed[i]; failed > 0 {
			sum.Failed += failed
			l.fail(x, p.scale, failed)
		}
	}
	fmt.Fprintf(&area, "V%dZ", l.Bottom)
	l.Areas = append(l.Areas, area.String())
	l.add(p, requests.Failed)
	return sum
}

func (l *lane) fail(x, width float64, failed int) {
	l.Failed = append(l.Failed, column{X: x, Width: max(width, markLeast), Height: min(max(float64(failed)*l.scale, failedLeast), failedMost)})
}

// add writes how many failed below the columns, as one number where several would lie on each other.
func (l *lane) add(p phase, failed []int) {
	first, sum := -1, 0
	write := func(last int) {
		if first < 0 {
			return
		}
		middle := p.X + (float64(first+last)/2+.5)*p.scale
		l.Sums = append(l.Sums, note{X: middle, Y: l.Bottom + failedMost + 12, Text: fmt.Sprintf("✗ %d", sum)})
		first, sum = -1, 0
	}
	last := -1
	for i, one := range failed {
		if one == 0 {
			continue
		}
		if last >= 0 && float64(i-last)*p.scale > failedApart {
			write(last)
		}
		if first < 0 {
			first = i
		}
		last, sum = i, sum+one
	}
	write(last)
}
