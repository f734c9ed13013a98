package runner

import (
	"context"
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// startFlow starts background traffic, and waits until a first request over one of its hops has ended.
func (c *CaseRun) startFlow(ctx context.Context, i int, step fixture.Step) {
	id := fmt.Sprintf("%s-%s-%d-flow", c.Name, c.Case.ID, i)
	c.flow = c.r.Sender.StartFlow(context.WithoutCancel(ctx), id, fixture.Expect{From: step.From, To: step.To}.Hops())
	var entries []netip.AddrPort
	for _, over := range c.flow.Hops() {
		entries = append(entries, c.r.entries(over)...)
	}
	c.requests.flows[id+"-"] = entries
	c.awaitFlow(ctx, 1)
}

// flowing are the hops of the background traffic that is under way, as attempts for the oracle.
func (c *CaseRun) flowing() []join.Attempt {
	var all []join.Attempt
	if c.flow != nil {
		for _, over := range c.flow.Hops() {
			all = append(all, join.Attempt{Hop: over, ID: "flow over " + over.String()})
		}
	}
	return all
}

// flowsInClear has background traffic expected in clear over the hops of which the policies in force ask that.
func (c *CaseRun) flowsInClear(flowing []join.Attempt, intents map[string]verdict.Intent) {
	for _, a := range flowing {
		if intents[a.ID].Says != hop.Plaintext {
			continue
		}
		_, port, _ := c.r.World.Port(a.To)
		servers, _ := c.r.Places.Server(a.To.Service, "")
		for _, server := range servers {
			for _, client := range c.r.Places.Clients[a.From] {
				c.requests.calls = with(c.requests.calls, join.Call{From: client.Address, To: netip.AddrPortFrom(server.Address, port.Workload)})
			}
		}
	}
}

// awaitFlow waits until so many requests of the background traffic have ended.
func (c *CaseRun) awaitFlow(ctx context.Context, requests int) {
	ctx, cancel := context.WithTimeout(ctx, timeout.Flow.Duration())
	defer cancel()
	c.flow.Await(ctx, requests)
}

// stopFlow ends the background traffic, if there is some, and keeps what became of it.
func (c *CaseRun) stopFlow() {
	if c.flow != nil {
		counted := c.flow.Stop()
		c.Verdict.Traffic = &counted
		c.flow = nil
	}
}
