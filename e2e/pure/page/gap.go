package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/availability"
)

// gap is a time of a phase in which a prober asked nothing, or is not known to have asked.
type gap struct {
	Stage, Pod, Why string
	After           string // since the phase began
	Until           string // empty where that is not known
	Hatch           string // the d of an SVG path, where it is known
}

// gapsOf are those of a phase: what one pod did not ask, it did not ask in any of its series.
func gapsOf(p phase, top, bottom int) []gap {
	var all []availability.Gap
	for _, figures := range p.period.Series {
		all = append(all, figures.Gaps...)
	}
	for _, never := range p.period.Never {
		all = append(all, never.Gaps...)
	}
	slices.SortFunc(all, func(a, b availability.Gap) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Why, b.Why), a.To.Compare(b.To))
	})
	all = slices.CompactFunc(all, func(a, b availability.Gap) bool {
		return a.Pod == b.Pod && a.Why == b.Why && a.From.Equal(b.From) && a.To.Equal(b.To)
	})
	var gaps []gap
	for _, one := range all {
		g := gap{Stage: p.Stage, Pod: one.Pod, Why: one.Why, After: p.after(one.From)}
		if !one.To.IsZero() {
			x := p.at(one.From)
			g.Until, g.Hatch = p.after(one.To), hatched(x, max(p.at(one.To)-x, markLeast), top, bottom)
		}
		gaps = append(gaps, g)
	}
	return gaps
}

// hatchApart is how far the strokes of a hatching are apart.
const hatchApart = 9

// hatched fills a rectangle with slanting strokes: the d of an SVG path.
func hatched(x, width float64, top, bottom int) string {
	var d strings.Builder
	y, tall := float64(top), float64(bottom-top)
	for along := float64(hatchApart); along < width+tall; along += hatchApart {
		from, to := max(0, along-tall), min(width, along)
		fmt.Fprintf(&d, "M%.1f %.1fL%.1f %.1f", x+from, y+along-from, x+to, y+along-to)
	}
	return d.String()
}
