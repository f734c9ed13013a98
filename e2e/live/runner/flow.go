package runner

import (
	"context"
	"fmt"
	"time"

	"mtls.test/conformance/e2e/pure/fixture"
)

// flowLimit bounds the wait for background traffic to come so far as it must. At 20 requests a second over each hop it takes
// a second; where requests hang they end after three. What is missing then is the verdict's to say.
const flowLimit = 10 * time.Second

// startFlow starts background traffic, and waits until a first request over one of its hops has ended.
func (p *play) startFlow(ctx context.Context, i int, step fixture.Step) {
	p.flow = p.Sender.StartFlow(context.WithoutCancel(ctx), fmt.Sprintf("%s-%s-%d-flow", p.run, p.c.ID, i), fixture.Expect{From: step.From, To: step.To}.Hops())
	p.awaitFlow(ctx, 1)
}

// awaitFlow waits until so many requests of the background traffic have ended.
func (p *play) awaitFlow(ctx context.Context, requests int) {
	ctx, cancel := context.WithTimeout(ctx, flowLimit)
	defer cancel()
	p.flow.Await(ctx, requests)
}

// stopFlow ends the background traffic, if there is some, and keeps what became of it.
func (p *play) stopFlow() {
	if p.flow != nil {
		told := p.flow.Stop()
		p.verdict.Traffic = &told
		p.flow = nil
	}
}
