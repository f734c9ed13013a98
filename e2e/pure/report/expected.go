package report

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/verdict"
)

// Expected says of how many checks the expectation is the oracle's, and what PASS means then; empty for none.
func (s Summary) Expected() string {
	if s.ByOracle == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d checks are expected by %s, for the mesh has policies of its own: PASS of these means that it does what our model of Istio says of them",
		s.ByOracle, s.Checks, verdict.ByOracle)
}
