package runner

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/runner/attempt"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Expect makes one attempt over every hop of the expectations, all at once, and judges what became of each.
func (c *CaseRun) Expect(ctx context.Context, step int, expects []fixture.Expect) error {
	attempts := c.Attempts(step, expects)
	if len(attempts) == 0 {
		return nil
	}
	intents, err := c.Intents(ctx, attempts)
	if err != nil {
		return err
	}
	if attempts, err = c.byIntent(attempts, intents); err != nil {
		return err
	}
	facts, err := c.r.Config.Await(ctx, attempts)
	if err != nil {
		return err
	}
	for _, batch := range batches(attempts) {
		if err := c.attempt(ctx, step, batch, intents, facts); err != nil {
			return err
		}
	}
	return nil
}

// batches parts attempts that are made at once from those that are counted, each of which goes by itself.
func batches(attempts []join.Attempt) [][]join.Attempt {
	var together []join.Attempt
	var all [][]join.Attempt
	for _, a := range attempts {
		if a.Want.Counted {
			all = append(all, []join.Attempt{a})
			continue
		}
		together = append(together, a)
	}
	if len(together) > 0 {
		all = append(all, together)
	}
	return all
}

// attempt makes one batch of attempts at once and judges each.
func (c *CaseRun) attempt(ctx context.Context, step int, attempts []join.Attempt, intents map[string]verdict.Intent, facts map[string]verdict.Config) error {
	began, err := c.r.cutoff(ctx)
	if err != nil {
		return err
	}
	collector, batch := c.r.collector(), attempt.NewBatch(fmt.Sprintf("%s-%s-%d", c.Name, c.Case.ID, step), began)
	for i := range attempts {
		a := &attempts[i]
		kept := c.connections[a.Want.On]
		if a.Want.On != "" {
			a.Kept = &join.Kept{Conn: kept.conn, Streams: kept.use == fixture.Stream}
		}
		if a.Check, err = c.check(step, *a, intents[a.ID], facts[a.ID]); err != nil {
			return err
		}
		if err := collector.Add(batch, a, kept.name); err != nil {
			return err
		}
	}
	if err := collector.Collect(ctx, batch); err != nil {
		return err
	}
	checks := batch.Checks()
	for i := range checks {
		checks[i].Judge()
	}
	c.Verdict.Checks = append(c.Verdict.Checks, checks...)
	c.Evidence.add(batch)
	c.askKiali(ctx, step, checks)
	return nil
}

// check is the check of an attempt before anything is observed.
func (c *CaseRun) check(step int, a join.Attempt, intent verdict.Intent, config verdict.Config) (verdict.Check, error) {
	service, port, _ := c.r.World.Port(a.To)
	server, err := c.r.Places.Server(a.To.Service, a.Want.Subset)
	if err != nil {
		return verdict.Check{}, err
	}
	check := verdict.Check{
		Hop: a.Hop, Step: step, Protocol: port.Protocol, ClientKind: a.Kind(c.r.World), Proxied: server.Proxied, Relays: service.Relays(),
		Subset: a.Want.Subset, As: a.Want.As, On: a.Want.On, Counted: a.Want.Counted, Probe: a.Want.Probe, ID: a.ID,
		Want: a.Want.Want, Cause: a.Want.Cause, Documented: a.Want.Documented, WantWire: a.Want.Wire, WantShown: a.Want.Shown, ExpectedBy: a.ExpectedBy, Intent: intent, Config: config,
		Identities: verdict.Identities{Client: c.r.Places.Clients[a.From].Account, Server: server.Identity, ServerNames: intent.Identities.ServerNames},
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
	return check, nil
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

// collector observes attempts by what the runner has.
func (r *Runner) collector() *attempt.Collector {
	return &attempt.Collector{
		Config: r.Config, Mesh: r.Mesh, Sender: r.Sender, Prober: r.Prober, Logs: r.Logs, Taps: r.Taps, Watched: r.watched, Blind: r.uncontrolled,
	}
}
