package steps

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/verdict"
)

// without lists the observers that what is allowed on the cluster leaves out for a kind of client.
func (p *Player) without(kind hop.ClientKind) []hop.Source {
	var all []hop.Source
	allowed := p.World.Placement.Allowed
	if !allowed.Tap {
		all = append(all, hop.Wire)
	}
	if kind == hop.Gateway && !allowed.GatewayLog {
		all = append(all, hop.Client)
	}
	return all
}

// byIntent has the policies in force say what is wanted, where the cluster has some that are not the case's: a case states
// what must follow in a mesh without others.
func (p *play) byIntent(attempts []attempt, intents map[string]verdict.Intent) ([]attempt, error) {
	if p.World.Placement.ByIntent == "" {
		return attempts, nil
	}
	attempts = slices.Clone(attempts)
	for i, a := range attempts {
		asked := intents[a.id]
		if asked.Says == "" {
			return nil, fmt.Errorf("%s: what is wanted cannot be told from the policies in force: %s", a.Hop, asked.Missing)
		}
		attempts[i].want.Want, attempts[i].want.Cause = asked.Says, asked.Refusal
	}
	return attempts, nil
}
