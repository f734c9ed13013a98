package runner

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// byIntent replaces expectations by the oracle's answers on a cluster that has mesh policies of its own. A case states what
// follows from its policies alone.
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

// expected is the oracle's answer as an expectation, and who expects it. The oracle knows the outcome, its cause and the
// identities. It does not know TLS versions, server names or keys, so these expectations are dropped. Where Istio is known to
// deviate from its documents, and the oracle follows the documents, the case's outcome stays.
func expected(want fixture.Expect, asked verdict.Intent) (fixture.Expect, verdict.ExpectedBy) {
	want.Wire, want.Shown = nil, nil
	want.Identity = fixture.Identity{Client: asked.Identities.Client, Server: asked.Identities.Server}
	if want.Documented != "" && want.Documented == asked.Says {
		return want, verdict.ByCase
	}
	want.Want, want.Cause, want.Documented = asked.Says, asked.Refusal, ""
	return want, verdict.ByOracle
}
