package page

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/hop"
)

// bars are the seconds of a case as a picture, a bar for each run that had it.
type bars struct {
	Width, Height int
	All           []bar
	Says          string
	Last          float64 // seconds of the newest of them
}

type bar struct {
	Result              hop.Result
	X, Y, Width, Height int
}

// The size of the picture, in its units.
const (
	barWidth  = 6
	barsApart = 2
	barsTall  = 22
)

// barsOf draws from zero to the longest.
func barsOf(runs []history.Seen) bars {
	var seconds []float64
	for _, seen := range runs {
		if seen.Result != "" {
			seconds = append(seconds, seen.Seconds)
		}
	}
	if len(seconds) == 0 {
		return bars{}
	}
	least, most := slices.Min(seconds), slices.Max(seconds)
	drawn := bars{
		Width: len(runs)*(barWidth+barsApart) - barsApart, Height: barsTall,
		Says: fmt.Sprintf("%.1f s to %.1f s", least, most), Last: seconds[len(seconds)-1],
	}
	for place, seen := range runs {
		if seen.Result == "" {
			continue
		}
		height := 1 // as much as can be seen
		if most > 0 {
			height = max(height, int(barsTall*seen.Seconds/most))
		}
		drawn.All = append(drawn.All, bar{seen.Result, place * (barWidth + barsApart), barsTall - height, barWidth, height})
	}
	return drawn
}
