package runner

import (
	"mtls.test/conformance/e2e/pure/hop"
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
