package verdict

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
)

// Fault is how the suite judged a mesh while something around the mesh broke.
type Fault struct {
	Fault   string  `json:"fault"`
	Sound   Outcome `json:"sound"`   // of a case on a sound mesh, with the fault in the middle of the case
	Weak    Outcome `json:"weak"`    // of the same case on a mesh that was weakened before
	After   Outcome `json:"after"`   // of the same case on the sound mesh, once it was judged again after the fault
	Seconds float64 `json:"seconds"` // until the result in After was known
	Wrong   string  `json:"wrong,omitempty"`
}

// Verdict is what the fault makes of a run: one wrong verdict is a FAIL of the suite.
func (f Fault) Verdict() hop.Result {
	if f.Wrong != "" {
		return hop.Fail
	}
	return hop.Pass
}

// Outcome is a result with its reason.
type Outcome struct {
	Result hop.Result `json:"result"`
	Reason string     `json:"reason"`
}

// OutcomeOf returns the outcome of a case.
func OutcomeOf(c Case) Outcome { return Outcome{Result: c.Result, Reason: c.Reason} }

// Judge sets Wrong where a result is not allowed: a healthy mesh may be PASS or INCONCLUSIVE, a weakened one anything but PASS, and
// after the recovery the case must be PASS.
func (f *Fault) Judge() {
	switch {
	case f.Sound.Result != hop.Pass && f.Sound.Result != hop.Inconclusive:
		f.Wrong = fmt.Sprintf("a sound mesh was %s: %s", f.Sound.Result, f.Sound.Reason)
	case f.Weak.Result == hop.Pass:
		f.Wrong = "a weak mesh was PASS"
	case f.After.Result != hop.Pass:
		f.Wrong = fmt.Sprintf("after the recovery it was %s: %s", f.After.Result, f.After.Reason)
	}
}
