package steps

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
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

// silent is true of the ingress gateway where its log is not allowed: what it has to log is not known then.
func (p *Player) silent(place mesh.Place) bool {
	return place.Pod == p.Places.Clients[p.gatewayName()].Pod && !p.World.Placement.Allowed.GatewayLog
}

// gatewayName is the world's name of the ingress gateway.
func (p *Player) gatewayName() string {
	for _, client := range p.World.Clients {
		if client.Kind == hop.Gateway {
			return client.Name
		}
	}
	return ""
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
