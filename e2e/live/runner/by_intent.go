package runner

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// byIntent replaces the cases' expectations by the oracle's answers where the cluster has policies that are not the cases':
// a case states what must follow in a mesh without others.
func (c *CaseRun) byIntent(attempts []join.Attempt, intents map[string]verdict.Intent) ([]join.Attempt, error) {
	if c.r.World.Placement.ByIntent == "" {
		return attempts, nil
	}
	c.Verdict.ByIntent = c.r.World.Placement.ByIntent
	attempts = slices.Clone(attempts)
	for i, a := range attempts {
		asked := intents[a.ID]
		switch {
		case a.Want.On != "":
			return nil, fmt.Errorf("%s: what is expected of connection %s, which is from before, cannot be told from the policies in force now", a.Hop, a.Want.On)
		case asked.Says == "":
			return nil, fmt.Errorf("%s: what is expected cannot be told from the policies in force: %s", a.Hop, asked.Missing)
		}
		attempts[i].Want, attempts[i].ExpectedBy = expected(a.Want, asked)
	}
	return attempts, nil
}

// expected is an expectation as the oracle has it, and who expects it. The oracle knows the outcome, its cause and the
// identities, and nothing of TLS versions, names asked for or keys: these expectations of the case are dropped. Where Istio is
// known to do otherwise than documented, and the oracle asks for what is documented, the case's outcome stands.
func expected(want fixture.Expect, asked verdict.Intent) (fixture.Expect, verdict.ExpectedBy) {
	want.Wire, want.Shown = nil, nil
	want.Identity = fixture.Identity{Client: asked.Identities.Client, Server: asked.Identities.Server}
	if want.Documented != "" && want.Documented == asked.Says {
		return want, verdict.ByCase
	}
	want.Want, want.Cause, want.Documented = asked.Says, asked.Refusal, ""
	return want, verdict.ByOracle
}
