package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
	"mtls.test/conformance/fixtures/agent/seen"
)

// expect makes one attempt over every hop of the step, all at once, and joins what became of each.
func (p *play) expect(ctx context.Context, step int, expects []fixture.Expect) error {
	attempts := p.attempts(step, expects)
	if len(attempts) == 0 {
		return nil
	}
	intents, err := p.ask(ctx, attempts)
	if err != nil {
		return err
	}
	if attempts, err = p.byIntent(attempts, intents); err != nil {
		return err
	}
	facts, err := p.awaitConfig(ctx, attempts)
	if err != nil {
		return err
	}
	for _, batch := range batches(attempts) {
		if err := p.attempt(ctx, step, batch, intents, facts); err != nil {
			return err
		}
	}
	return nil
}

// batches parts attempts that are made at once from those that are counted, each of which goes by itself.
func batches(attempts []attempt) [][]attempt {
	var together []attempt
	var all [][]attempt
	for _, a := range attempts {
		if a.want.Counted {
			all = append(all, []attempt{a})
			continue
		}
		together = append(together, a)
	}
	if len(together) > 0 {
		all = append(all, together)
	}
	return all
}

// attempt makes one batch of attempts at once and has each judged.
func (p *play) attempt(ctx context.Context, step int, attempts []attempt, intents map[string]verdict.Intent, facts map[string]verdict.Config) error {
	began, err := p.cutoff(ctx)
	if err != nil {
		return err
	}
	r := &round{
		play: p, step: step, began: began, marks: map[mesh.Proxy]observe.Mark{}, servers: map[string]mesh.Place{},
		results: map[string]call.Result{}, probed: map[string]traffic.ProbeAttempt{}, kept: map[string]call.Kept{},
		watermarks: map[mesh.Proxy]watermark{}, received: map[mesh.Proxy]map[string][]seen.Record{}, unasked: map[mesh.Proxy]error{}, unseen: map[string]bool{}, unsent: traffic.Unsent{},
	}
	for _, a := range attempts {
		if err := r.add(a, intents[a.id], facts[a.id]); err != nil {
			return err
		}
	}
	before, err := r.count(ctx)
	if err != nil {
		return err
	}
	if err := r.send(ctx, attempts); err != nil {
		return err
	}
	if err := r.join(ctx); err != nil {
		return err
	}
	if err := r.counted(ctx, before); err != nil {
		return err
	}
	for i := range r.checks {
		r.checks[i].Judge()
	}
	p.verdict.Checks = append(p.verdict.Checks, r.checks...)
	r.witnessed(ctx)
	return nil
}

// round is the attempts that are made at once and what became of them.
type round struct {
	*play
	step    int
	began   time.Time // between what the taps saw before and what the round makes them see
	checks  []verdict.Check
	servers map[string]mesh.Place // by id
	marks   map[mesh.Proxy]observe.Mark

	results map[string]call.Result
	probed  map[string]traffic.ProbeAttempt
	probes  map[string]probe.Result
	kept    map[string]call.Kept

	watermarks map[mesh.Proxy]watermark // by server pod
	received   map[mesh.Proxy]map[string][]seen.Record
	unseen     map[string]bool      // by id: the client's proxy has no line of it
	unasked    map[mesh.Proxy]error // by server pod: why its application could not be asked
	unsent     traffic.Unsent       // by id: the client's agent did not answer
}

func (r *round) add(a attempt, intent verdict.Intent, config verdict.Config) error {
	service, port, _ := r.World.Port(a.To)
	server, err := r.Places.Server(a.To.Service, a.want.Subset)
	if err != nil {
		return err
	}
	client := r.Places.Clients[a.From]
	check := verdict.Check{
		Hop: a.Hop, Step: r.step, Protocol: port.Protocol, ClientKind: r.kind(a), Proxied: server.Proxied, Relays: service.Relays(),
		Subset: a.want.Subset, As: a.want.As, On: a.want.On, Counted: a.want.Counted, Probe: a.want.Probe, ID: a.id,
		Want: a.want.Want, Cause: a.want.Cause, Documented: a.want.Documented, WantWire: a.want.Wire, WantShown: a.want.Shown, ExpectedBy: a.expectedBy, Intent: intent, Config: config,
		Identities: verdict.Identities{Client: client.Account, Server: server.Identity},
		Settled:    verdict.Settled{Rule: "nothing was changed before"},
	}
	if check.Relays {
		// What a gateway proves is its Gateway's choice, and no workload's.
		check.Identities.Server = intent.Identities.Server
	}
	check.Identities.ServerNames = intent.Identities.ServerNames
	if own := a.want.Identity; own.Client != "" {
		check.Identities.Client = own.Client
	}
	if own := a.want.Identity; own.Server != "" {
		check.Identities.Server = own.Server
	}
	check.Without = r.without(check.ClientKind)
	for _, change := range r.verdict.Changes {
		if check.Settled.Failed == "" {
			check.Settled = change.Settled
		}
	}
	if a.want.On != "" {
		kept := r.connections[a.want.On]
		check.Streams = kept.use == fixture.Stream
		check.Intent, check.Config.Prediction = verdict.Intent{}, kept.prediction
		check.Intent.Why = "a connection from before is bound to what held when it was opened"
	}
	r.servers[a.id] = server
	r.checks = append(r.checks, check)
	proxies := []mesh.Proxy{server.Proxy, client.Proxy}
	if behind, found := r.behind(a); found {
		if place, err := r.Places.Server(behind.To.Service, ""); err == nil {
			proxies = append(proxies, place.Proxy)
		}
	}
	for _, proxy := range proxies {
		r.marks[proxy] = r.Logs.Mark(proxy)
	}
	return nil
}

// send makes the attempts, then sends a sentinel after them to each server.
func (r *round) send(ctx context.Context, attempts []attempt) error {
	now := time.Now().UTC()
	for i := range r.checks {
		r.checks[i].SentAt = now
	}
	var requests []traffic.Attempt
	var probes []traffic.ProbeAttempt
	for _, a := range attempts {
		switch {
		case a.want.On != "":
			if a.want.Cause == hop.Closed {
				if err := r.ended(ctx, r.connections[a.want.On]); err != nil {
					return err
				}
			}
			told, err := r.Sender.Use(ctx, a.From, r.connections[a.want.On].name, a.id)
			if err != nil {
				return err
			}
			r.kept[a.id] = told
			if told.Last != nil {
				r.results[a.id] = *told.Last
			}
		case a.want.Probe != nil:
			probing := traffic.ProbeAttempt{ID: a.id, Hop: a.Hop, Probe: *a.want.Probe, As: hop.Protocol(a.want.As), Subset: a.want.Subset}
			r.probed[a.id] = probing
			probes = append(probes, probing)
		default:
			requests = append(requests, traffic.Attempt{ID: a.id, Hop: a.Hop, Subset: a.want.Subset, As: hop.Protocol(a.want.As)})
		}
	}
	var both sync.WaitGroup
	var notSent, notProbed error
	var results map[string]call.Result
	both.Go(func() { results, notSent = r.Sender.Send(ctx, requests) })
	both.Go(func() { r.probes, notProbed = r.Prober.Probe(ctx, probes) })
	both.Wait()
	for _, err := range []error{notSent, notProbed} {
		var unsent traffic.Unsent
		switch {
		case errors.As(err, &unsent) && ctx.Err() == nil:
			maps.Copy(r.unsent, unsent)
		case err != nil:
			return err
		}
	}
	for id, result := range results {
		r.results[id] = result
	}
	r.look(ctx)
	return nil
}

// look waits for each server's watermark, and behind it asks the application what it received.
func (r *round) look(ctx context.Context) {
	var mu sync.Mutex
	var looking sync.WaitGroup
	asked := map[mesh.Proxy]bool{}
	for _, check := range r.checks {
		place := r.servers[check.ID]
		if asked[place.Proxy] {
			continue
		}
		asked[place.Proxy] = true
		var ids []string
		for _, other := range r.checks {
			if r.servers[other.ID].Proxy == place.Proxy {
				ids = append(ids, other.ID)
			}
		}
		id := fmt.Sprintf("%s-%s-%d-sentinel", r.run, r.c.ID, r.step)
		looking.Go(func() {
			mark := r.watermark(ctx, id, place, r.marks[place.Proxy])
			var received map[string][]seen.Record
			var unasked error
			if !check.Relays {
				received, unasked = observe.Received(ctx, r.Mesh, place.Proxy, ids)
			}
			mu.Lock()
			defer mu.Unlock()
			r.watermarks[place.Proxy], r.received[place.Proxy], r.unasked[place.Proxy] = mark, received, unasked
		})
	}
	looking.Wait()
}
