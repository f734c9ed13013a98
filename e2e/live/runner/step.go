package runner

import (
	"context"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Step takes one step of the case.
func (c *CaseRun) Step(ctx context.Context, i int, step fixture.Step) error {
	switch {
	case step.Apply != nil:
		return c.apply(ctx, i, step)
	case step.Refuse != nil:
		return c.refuse(ctx, i, *step.Refuse)
	case step.Edit != nil:
		return c.edit(ctx, i, step.Edit)
	case step.Delete != nil:
		return c.delete(ctx, i, step.Delete)
	case step.Mesh != nil:
		return c.mesh(ctx, i, step.Mesh)
	case step.Authority != nil:
		return c.authority(ctx, i, "authority", *step.Authority)
	case step.Renew != nil:
		return c.renew(ctx, i, step.Renew)
	case step.Account != nil:
		return c.account(ctx, i, *step.Account)
	case step.Scale != nil:
		return c.scale(ctx, i, *step.Scale)
	case step.Connect != nil:
		return c.connect(ctx, i, step.Connect)
	case step.Traffic == fixture.Start:
		c.startFlow(ctx, i, step)
		return nil
	case step.Traffic == fixture.Stop:
		c.awaitFlow(ctx, verdict.LeastRequests)
		c.stopFlow()
		return nil
	}
	return c.Expect(ctx, i, step.Expect)
}
