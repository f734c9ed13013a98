package report

import (
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// Repeat is the result of several rounds of one run.
type Repeat struct {
	Rounds    int         `json:"rounds"`
	Differing []Differing `json:"differing"` // cases whose verdict was not the same in every round
}

// Differing is a case and its verdicts, round by round.
type Differing struct {
	ID      string       `json:"id"`
	Results []hop.Result `json:"results"`
}

// Compare lists the cases whose verdicts differ between rounds; a round without a verdict counts as INCONCLUSIVE.
func Compare(rounds []map[string]Case) Repeat {
	repeat := Repeat{Rounds: len(rounds), Differing: []Differing{}}
	ids := map[string]bool{}
	for _, round := range rounds {
		for id := range round {
			ids[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		var results []hop.Result
		for _, round := range rounds {
			result := hop.Inconclusive
			if c, found := round[id]; found {
				result = c.Result
			}
			results = append(results, result)
		}
		if slices.ContainsFunc(results, func(r hop.Result) bool { return r != results[0] }) {
			repeat.Differing = append(repeat.Differing, Differing{ID: id, Results: results})
		}
	}
	return repeat
}
