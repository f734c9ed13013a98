package runner

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
)

// startFlow starts background traffic, and waits until a first request over one of its hops has ended.
func (c *CaseRun) startFlow(ctx context.Context, i int, step fixture.Step) {
	id := fmt.Sprintf("%s-%s-%d-flow", c.Name, c.Case.ID, i)
	c.requests.flows = append(c.requests.flows, id+"-")
	c.flow = c.r.Sender.StartFlow(context.WithoutCancel(ctx), id, fixture.Expect{From: step.From, To: step.To}.Hops())
	c.awaitFlow(ctx, 1)
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
