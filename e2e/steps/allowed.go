package steps

import (
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
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
