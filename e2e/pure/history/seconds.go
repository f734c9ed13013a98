package history

import (
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// Seconds is how long each case and mutant takes, by the names that reports give them: the median of the last ten times that it passed, in whichever cell.
func Seconds(lines []Line) map[string]float64 {
	newest := slices.Clone(lines)
	slices.SortStableFunc(newest, func(a, b Line) int { return b.Began.Compare(a.Began) })
	all := map[string][]float64{}
	for _, line := range newest {
		if line.Case != "" && line.Verdict == hop.Pass && len(all[line.Case]) < recently {
			all[line.Case] = append(all[line.Case], line.Seconds)
		}
	}
	medians := map[string]float64{}
	for id, seconds := range all {
		medians[id] = medianOf(seconds)
	}
	return medians
}

// medianOf sorts what it is given.
func medianOf(seconds []float64) float64 {
	slices.Sort(seconds)
	return seconds[len(seconds)/2]
}
