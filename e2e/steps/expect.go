package steps

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/e2e/observe"
	"mtls.test/conformance/e2e/traffic"
	"mtls.test/conformance/e2e/verdict"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/seen"
)

// expect sends one request over every hop of the step, all at once, and joins what became of each.
func (p *play) expect(ctx context.Context, step int, expects []fixture.Expect) error {
	wants := map[hop.Hop]fixture.Expect{}
	var hops []hop.Hop
	for _, expect := range expects {
		for _, h := range expect.Hops() {
			wants[h] = expect
			hops = append(hops, h)
		}
	}
	facts, err := p.awaitConfig(ctx, wants)
	if err != nil {
		return err
	}
	round := &round{play: p, step: step, marks: map[mesh.Proxy]observe.Mark{}}
	for i, h := range hops {
		round.add(h, wants[h], facts[h], fmt.Sprintf("%s-%s-%d-%d", p.RunID, p.c.ID, step, i))
	}
	if err := round.send(ctx); err != nil {
		return err
	}
	round.join(ctx)
	for i := range round.checks {
		round.checks[i].Judge()
	}
	p.verdict.Checks = append(p.verdict.Checks, round.checks...)
	return nil
}

// round is the requests of one expect step and what became of them.
type round struct {
	*play
	step       int
	checks     []verdict.Check
	marks      map[mesh.Proxy]observe.Mark
	results    map[string]call.Result
	watermarks map[string]error // by service: why nothing can be claimed absent, or nil
	received   map[string]map[string][]seen.Record
	unasked    map[string]error // by service: why its application could not be asked
}

func (r *round) add(h hop.Hop, want fixture.Expect, config verdict.Config, id string) {
	_, port, _ := r.World.Port(h.To)
	client, _ := r.World.Client(h.From)
	check := verdict.Check{
		Hop: h, Step: r.step, Protocol: port.Protocol, ClientKind: client.Kind, ID: id,
		Want: want.Want, Cause: want.Cause, Config: config,
		Identities: verdict.Identities{Client: r.Places.Clients[h.From].Identity, Server: r.Places.Services[h.To.Service].Identity},
		Intent:     verdict.Intent{Missing: verdict.NoIntent},
		Settled:    verdict.Settled{Rule: "nothing was changed before"},
	}
	for _, change := range r.verdict.Changes {
		if check.Settled.Failed == "" {
			check.Settled = change.Settled
		}
	}
	r.checks = append(r.checks, check)
	for _, proxy := range []mesh.Proxy{r.Places.Services[h.To.Service].Proxy, r.Places.Clients[h.From].Proxy} {
		r.marks[proxy] = r.Logs.Mark(proxy)
	}
}

// send makes the attempts, then sends a sentinel after them through each server's proxy.
func (r *round) send(ctx context.Context) error {
	var attempts []traffic.Attempt
	for _, check := range r.checks {
		attempts = append(attempts, traffic.Attempt{ID: check.ID, Hop: check.Hop})
	}
	var err error
	if r.results, err = r.Sender.Send(ctx, attempts); err != nil {
		return err
	}
	r.watermarks, r.received, r.unasked = map[string]error{}, map[string]map[string][]seen.Record{}, map[string]error{}
	for _, check := range r.checks {
		if _, done := r.watermarks[check.To.Service]; !done {
			r.look(ctx, check.To.Service)
		}
	}
	return nil
}

// look waits for a service's watermark, and behind it asks the application what it received.
func (r *round) look(ctx context.Context, service string) {
	place := r.Places.Services[service]
	r.watermarks[service] = r.watermark(ctx, fmt.Sprintf("%s-%s-%d-sentinel", r.RunID, r.c.ID, r.step), service, r.marks[place.Proxy])
	var ids []string
	for _, check := range r.checks {
		if check.To.Service == service {
			ids = append(ids, check.ID)
		}
	}
	r.received[service], r.unasked[service] = observe.Received(ctx, r.Mesh, place.Proxy, ids)
}

// watermark sends a sentinel through a service's proxy, and waits until it is logged after the mark.
func (p *Player) watermark(ctx context.Context, id, service string, after observe.Mark) error {
	port, err := p.Sender.Sentinel(ctx, id, service)
	if err != nil {
		return err
	}
	return p.Logs.Sentinel(ctx, p.Places.Services[service].Proxy, after, port)
}

// join gives each check the observations of its request.
func (r *round) join(ctx context.Context) {
	for i := range r.checks {
		check := &r.checks[i]
		client, server := r.Places.Clients[check.From], r.Places.Services[check.To.Service]
		result := r.results[check.ID]
		if check.ClientKind == hop.Plain {
			check.Observers.Client = observe.Socket(client.Proxy, result)
		} else {
			seen, raw := r.Logs.ClientLine(ctx, client.Proxy, r.marks[client.Proxy], check.ID)
			check.Observers.Client = seen
			r.keep(raw)
		}
		_, port, _ := r.World.Port(check.To)
		attempt := observe.Attempt{ID: check.ID, From: source(check), Port: port.Workload}
		seen, line, raw := r.Logs.ServerLine(server.Proxy, r.marks[server.Proxy], attempt, r.watermarks[check.To.Service])
		check.Observers.Server = seen
		check.Rewritten = seen.Conn.Source.IsValid() && seen.Conn.Source != attempt.From && r.Logs.Rewrites(server.Proxy, attempt)
		check.Reused = r.Logs.OtherOn(server.Proxy, line)
		r.keep(raw)
		service := check.To.Service
		failed := r.unasked[service]
		if len(r.received[service][check.ID]) == 0 {
			failed = errors.Join(failed, r.watermarks[service])
		}
		check.Observers.Application = observe.Application(server.Proxy, check.ID, r.received[service][check.ID], failed)
	}
}

func (r *round) keep(raw string) {
	if raw != "" {
		r.evidence.Lines = append(r.evidence.Lines, raw)
	}
}

// source is where the client's connection came from, by the client's own record.
func source(check *verdict.Check) netip.AddrPort {
	if client := check.Observers.Client; client != nil {
		return client.Conn.Source
	}
	return netip.AddrPort{}
}
