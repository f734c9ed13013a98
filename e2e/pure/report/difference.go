package report

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Difference is a case in whose checks two answers to one question were not the same, though each was as expected.
type Difference struct {
	Case   string
	Checks int    // in which it shows; of Kiali the steps
	Why    string // of the first of them
}

// GuideDifferences lists the cases in which the guide's flowchart, followed to the letter, leads elsewhere than Istio.
func (r Report) GuideDifferences() []Difference {
	return r.differences(func(check verdict.Check) string {
		if check.Intent.Guide == nil || check.Intent.Guide.Differs == "" {
			return ""
		}
		return fmt.Sprintf("%s: %s", check.Hop, check.Intent.Guide.Differs)
	})
}

// Deviations lists the cases in which Istio is known to differ from its documented rules, and did so.
func (r Report) Deviations() []Difference {
	return r.differences(func(check verdict.Check) string {
		if check.Documented == "" {
			return ""
		}
		return fmt.Sprintf("%s: documented is %s, and it is %s", check.Hop, check.Documented, Said(check.Want, check.Cause))
	})
}

// KialiDifferences lists the cases in which Kiali says other than was seen.
func (r Report) KialiDifferences() []Difference {
	var all []Difference
	for _, c := range r.Cases {
		one := Difference{Case: c.ID}
		for _, said := range c.Kiali {
			if said.Differs == "" {
				continue
			}
			if one.Checks++; one.Why == "" {
				one.Why = fmt.Sprintf("step %d, namespace %s: %s", said.Step, said.Namespace, said.Differs)
			}
		}
		if one.Checks > 0 {
			all = append(all, one)
		}
	}
	return all
}

func (r Report) differences(told func(verdict.Check) string) []Difference {
	var all []Difference
	for _, c := range r.Cases {
		one := Difference{Case: c.ID}
		for _, check := range c.Checks {
			why := told(check)
			if why == "" {
				continue
			}
			if one.Checks++; one.Why == "" {
				one.Why = why
			}
		}
		if one.Checks > 0 {
			all = append(all, one)
		}
	}
	return all
}

// Said is an outcome as a person reads it, a refusal with its cause.
func Said(outcome hop.Outcome, refusal hop.Refusal) string {
	switch {
	case outcome == "":
		return "–"
	case refusal != "":
		return fmt.Sprintf("%s (%s)", outcome, refusal)
	}
	return string(outcome)
}
