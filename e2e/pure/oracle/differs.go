package oracle

import (
	"fmt"
	"slices"
)

// Differs tells where the guide's chart leaves its reader with something else than Istio's own answer, and why.
func Differs(answer Answer, walk Walk) (why string, differs bool) {
	end := endOf(answer.Says)
	switch {
	case answer.Says == "":
		return "", false
	case walk.Stuck != "":
		return fmt.Sprintf("the chart has no way on from %q, and Istio says %s", walk.Stuck, answer.Says), true
	case walk.claim.Server != "" && answer.Server.Mode != "" && walk.claim.Server != answer.Server.Mode:
		return fmt.Sprintf("the chart stops at %q (%s), and the server is %s by %s", walk.Step, walk.claim.Server, answer.Server.Mode, orDefault(answer.Server.Policy)), true
	case walk.claim.Client != "" && walk.claim.Client != answer.Client.Mode:
		return fmt.Sprintf("the chart stops at %q, and the client is %s by %s", walk.Step, answer.Client.Mode, orDefault(answer.Client.Object)), true
	case walk.End != end:
		return fmt.Sprintf("the chart ends at %s, and Istio says %s", walk.End, answer.Says), true
	case enforced(answer):
		return "", false
	case len(walk.claim.Fits) > 0 && !slices.Contains(walk.claim.Fits, end):
		return fmt.Sprintf("the chart stops at %q, and Istio says %s: %s", walk.Step, answer.Says, answer.Why), true
	}
	return "", false
}

// enforced is true of a refusal that is what "enforced" means: STRICT keeps a client without a proxy out.
func enforced(answer Answer) bool {
	return answer.Server.Mode == Strict && answer.Client.Mode == NoProxy
}

func orDefault(object string) string {
	if object == "" {
		return "default"
	}
	return object
}
