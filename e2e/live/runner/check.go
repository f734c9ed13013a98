package runner

import (
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// check is the check of an attempt before anything is observed.
func (c *CaseRun) check(step int, a join.Attempt, server mesh.Place, intent verdict.Intent, config verdict.Config) verdict.Check {
	service, port, _ := c.r.World.Port(a.Reached())
	check := verdict.Check{
		Hop: a.Hop, Step: step, Protocol: port.Protocol, ClientKind: a.Kind(c.r.World), Proxied: server.Proxied, Relays: service.Relays(),
		Reaches: a.Want.Reaches, Subset: a.Want.Subset, As: a.Want.As, On: a.Want.On, Counted: a.Want.Counted, Probe: a.Want.Probe, ID: a.ID,
		Want: a.Want.Want, Cause: a.Want.Cause, Documented: a.Want.Documented, WantWire: a.Want.Wire, WantShown: a.Want.Shown, ExpectedBy: a.ExpectedBy, Intent: intent, Config: config,
		Identities: verdict.Identities{Client: c.r.Places.Clients[a.From].First().Account, Server: server.Identity, ServerNames: intent.Identities.ServerNames},
		Settled:    verdict.Settled{Rule: "nothing was changed before"},
	}
	if check.Relays {
		// What a gateway proves is its Gateway's choice, and no workload's.
		check.Identities.Server = intent.Identities.Server
	}
	if own := a.Want.Identity; own.Client != "" {
		check.Identities.Client = own.Client
	}
	if own := a.Want.Identity; own.Server != "" {
		check.Identities.Server = own.Server
	}
	check.Without = c.r.without(check.ClientKind)
	for _, change := range c.Verdict.Changes {
		if check.Settled.Failed == "" {
			check.Settled = change.Settled
		}
	}
	if a.Kept != nil {
		check.Streams = a.Kept.Streams
		check.Intent, check.Config.Prediction = verdict.Intent{}, c.connections[a.Want.On].prediction
		check.Intent.Why = "a connection from before is bound to what held when it was opened"
	}
	return check
}

// without lists the observers that what is allowed on the cluster leaves out for a kind of client.
func (r *Runner) without(kind hop.ClientKind) []hop.Source {
	var all []hop.Source
	allowed := r.World.Placement.Allowed
	if !allowed.Tap {
		all = append(all, hop.Wire)
	}
	if kind == hop.Gateway && !allowed.GatewayLog {
		all = append(all, hop.Client)
	}
	return all
}
