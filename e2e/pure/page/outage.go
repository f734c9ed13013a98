package page

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/availability"
)

// The measures of outages, in units of the view box of an upgrade's picture.
const (
	outageTall   = 8
	outageStrong = 14
	outageApart  = 90 // of those that have a text of their own
)

// outageBar is an outage as it is drawn: from when the first of its requests was due.
type outageBar struct {
	X, Width float64
	Height   int
	Strong   bool
}

// outage is a time in which every request of a series failed, as a row of a table.
type outage struct {
	Stage, Series, Lane string
	After               string // since the phase began
	Millis              int64
	Above               bool // its budget
}

// outagesOf are those of a phase in a lane, in the order of their begin.
func outagesOf(p phase, lane string, reused bool) (all []outage, bars []outageBar) {
	type found struct {
		series string
		availability.Outage
	}
	var in []found
	for _, figures := range p.period.Series {
		for _, one := range figures.Outages {
			if one.Reused == reused {
				in = append(in, found{figures.Series, one})
			}
		}
	}
	slices.SortStableFunc(in, func(a, b found) int { return a.From.Compare(b.From) })
	for _, one := range in {
		above := one.Millis > p.period.Budget.LongestOutageMillis
		all = append(all, outage{Stage: p.Stage, Series: one.series, Lane: lane, After: p.after(one.From), Millis: one.Millis, Above: above})
		bar := outageBar{X: p.at(one.From), Width: max(float64(one.Millis)/1000*p.scale, markLeast), Height: outageTall, Strong: above}
		if above {
			bar.Height = outageStrong
		}
		bars = append(bars, bar)
	}
	return all, bars
}

// lengthsOf says how long outages took: of each that stands alone, and of those that begin close to it the longest.
func lengthsOf(all []outage, bars []outageBar) []note {
	var notes []note
	for i := 0; i < len(all); {
		longest, next := all[i], i+1
		for ; next < len(all) && bars[next].X-bars[i].X < outageApart; next++ {
			if all[next].Millis > longest.Millis {
				longest = all[next]
			}
		}
		text := fmt.Sprintf("%d ms", longest.Millis)
		if count := next - i; count > 1 {
			text = fmt.Sprintf("%d of up to %d ms", count, longest.Millis)
		}
		if longest.Above {
			text = "✗ " + text
		}
		notes = append(notes, note{X: bars[i].X, Text: text, Strong: longest.Above})
		i = next
	}
	return notes
}
