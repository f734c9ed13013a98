package verdict

import (
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
)

// Kiali is what a Kiali says of a namespace of servers at a step, beside what became of the step's hops there. No result rests
// on it.
type Kiali struct {
	Step int `json:"step"` // index of the expect step in the case
	kiali.Kiali
}

// Seen counts what became of checks, as all of their witnesses say; a check that is not PASS tells nothing.
func Seen(checks []Check) map[hop.Outcome]int {
	seen := map[hop.Outcome]int{}
	for _, check := range checks {
		if check.Result == hop.Pass {
			seen[check.Want]++
		}
	}
	return seen
}
