package verdict

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

func quoted(s string) string {
	if s == "" {
		return "none"
	}
	return `"` + s + `"`
}

// differs says how an observation is not the cause's symptom, or returns "".
func (r row) differs(c *Check, seen hop.Observation) string {
	switch {
	case seen.Refusal != "" && seen.Refusal != c.Cause:
		return fmt.Sprintf("it is %s", seen.Refusal)
	case seen.Refusal == "" && slices.Contains(r.by, seen.Source) && !c.cannotName(seen):
		return fmt.Sprintf("no cause is named, only %s", quoted(symptomText(seen.Symptom)))
	case seen.Source == hop.Wire && !slices.Contains(r.wire, seen.Says):
		return fmt.Sprintf("packets say %s", seen.Says)
	case seen.Source == hop.Application && seen.Says != hop.Absent && c.Cause != hop.NotTLS && c.Cause != hop.Closed:
		return "the request reached it"
	case seen.Source == hop.Client && proxied(c.ClientKind) && seen.Symptom.Code != "" && r.status == 503 && seen.Symptom.Code != "UNAVAILABLE":
		return "the gRPC status is " + seen.Symptom.Code + ", want UNAVAILABLE"
	case seen.Source == hop.Client && proxied(c.ClientKind) && seen.Symptom.Code == "" && seen.Symptom.Status != 0 && r.status != 0 && seen.Symptom.Status != r.status:
		return fmt.Sprintf("the status is %d, want %d", seen.Symptom.Status, r.status)
	}
	return ""
}
