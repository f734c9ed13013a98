package oracle

import (
	"fmt"
	"slices"
)

// Differs describes where the answer of the guide's chart differs from Istio's own answer, and why.
func Differs(answer Answer, path ChartPath) (why string, differs bool) {
	end := endOf(answer.Says)
	switch {
	case answer.Says == "":
		return "", false
	case path.Stuck != "":
		return fmt.Sprintf("the chart has no way on from %q, and Istio says %s", path.Stuck, answer.Says), true
	case path.claim.Server != "" && answer.Server.Mode != "" && path.claim.Server != answer.Server.Mode:
		return fmt.Sprintf("the chart stops at %q (%s), and the server is %s by %s", path.Step, path.claim.Server, answer.Server.Mode, orDefault(answer.Server.Policy)), true
	case path.claim.Client != "" && path.claim.Client != answer.Client.Mode:
		return fmt.Sprintf("the chart stops at %q, and the client is %s by %s", path.Step, answer.Client.Mode, orDefault(answer.Client.Object)), true
	case path.End != end:
		return fmt.Sprintf("the chart ends at %s, and Istio says %s", path.End, answer.Says), true
	case enforced(answer):
		return "", false
	case len(path.claim.Fits) > 0 && !slices.Contains(path.claim.Fits, end):
		return fmt.Sprintf("the chart stops at %q, and Istio says %s: %s", path.Step, answer.Says, answer.Why), true
	}
	return "", false
}

// enforced reports whether a refusal is the one that "enforced" means: STRICT refuses a client without a proxy.
func enforced(answer Answer) bool {
	return answer.Server.Mode == Strict && answer.Client.Mode == NoProxy
}

func orDefault(object string) string {
	if object == "" {
		return "default"
	}
	return object
}
