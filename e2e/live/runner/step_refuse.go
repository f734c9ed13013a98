package runner

import (
	"context"
	"errors"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// refuse applies a policy that must be refused, and compares the reason with the case's and the oracle's.
func (c *CaseRun) refuse(ctx context.Context, step int, refuse fixture.Refuse) error {
	objects, err := c.r.Policies.Decode(ctx, c.Case.Path(refuse.File))
	if err != nil {
		return err
	}
	rejection := verdict.Rejection{Step: step, Objects: names(objects), Wanted: refuse.Says}
	if rejection.Intent, err = refusedByIntent(objects); err != nil {
		return err
	}
	on, err := c.Lease(ctx)
	if err != nil {
		return err
	}
	rejection.Got, err = on.Refused(ctx, objects)
	if err != nil && !errors.Is(err, policy.ErrTaken) {
		return err
	}
	rejection.Judge()
	c.Verdict.Rejections = append(c.Verdict.Rejections, rejection)
	return nil
}
