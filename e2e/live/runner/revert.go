package runner

import (
	"context"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// revert runs every step of the clean-up of the case, also after a step that failed. Policies are deleted first. In the end every
// hop that the case tried must be configured as in the baseline. After a failure it may be called again.
func (c *CaseRun) revert(ctx context.Context) error {
	c.stopFlow()
	last := len(c.Case.Steps)
	policies, accounts := c.standing()
	steps := []CleanupStep{
		{timeout.Revert.Duration(), func(ctx context.Context) error { return c.withdraw(ctx, last, policies) }},
		{timeout.Revert.Duration(), c.disconnect},
	}
	if c.settings != nil {
		steps = append(steps, Within(timeout.Revert.Duration(), func(ctx context.Context) error { return c.unset(ctx, last) }))
	}
	steps = append(steps, c.authorityBack(last)...)
	for _, account := range c.accounts {
		steps = append(steps, Within(timeout.Account.Duration(), func(ctx context.Context) error { return c.moveBack(ctx, last, account) }))
	}
	if len(c.accounts) > 0 {
		steps = append(steps, Within(timeout.Revert.Duration(), c.r.PushAll))
	}
	if len(c.scaled) > 0 {
		steps = append(steps, Within(timeout.RollOut.Duration(), c.scaleBack))
	}
	return CleanUpAll(ctx, append(steps,
		Within(timeout.Revert.Duration(), func(ctx context.Context) error { return c.withdraw(ctx, last, accounts) }),
		Within(timeout.Revert.Duration(), c.EndLease),
		Within(timeout.Revert.Duration(), c.awaitBaseline),
	)...)
}

// awaitBaseline waits until the hops that the case tried are configured as before it, at the pods that there are by now.
func (c *CaseRun) awaitBaseline(ctx context.Context) error {
	for {
		err := c.r.Config.AwaitBaseline(ctx, c.r.baseline, c.r.Config.Over(c.tried()), timeout.Settle.Duration())
		if err == nil {
			return nil
		}
		if changed, lost := c.lookAgain(ctx); !changed || lost != nil {
			return errors.Join(err, lost)
		}
	}
}

// standing lists what the case applied and has not deleted. The accounts that workloads still run under are listed apart:
// they are deleted once the workloads have moved back.
func (c *CaseRun) standing() (policies, accounts []k8s.Object) {
	for _, f := range c.applied {
		for _, object := range f.objects {
			switch _, account := object.(*corev1.ServiceAccount); {
			case object.GetUID() == "":
			case account && len(c.accounts) > 0:
				accounts = append(accounts, object)
			default:
				policies = append(policies, object)
			}
		}
	}
	return policies, accounts
}

// withdraw deletes objects of the case, also where the state of the mesh before the deletion cannot be read.
func (c *CaseRun) withdraw(ctx context.Context, step int, objects []k8s.Object) error {
	if len(objects) == 0 {
		return nil
	}
	err := c.Change(ctx, step, "revert", objects, func() error { return c.r.Policies.Delete(ctx, objects) })
	return errors.Join(err, c.r.Policies.Delete(ctx, objects))
}

// authorityBack are the steps back to the authority that the mesh began with; none where it is in force. Where one fails, all
// are taken again.
func (c *CaseRun) authorityBack(step int) []CleanupStep {
	was := c.r.trust
	var steps []CleanupStep
	for _, next := range back(was) {
		steps = append(steps, Within(timeout.Authority.Duration(), func(ctx context.Context) error { return c.authority(ctx, step, "revert", next) }))
	}
	if len(steps) > 0 {
		steps = append(steps, Within(timeout.Revert.Duration(), func(context.Context) error {
			if unsettled(c.Verdict.Changes, step) {
				c.r.trust = was
			}
			return nil
		}))
	}
	return steps
}

// moveBack rolls a workload out under the ServiceAccount that it has in the world.
func (c *CaseRun) moveBack(ctx context.Context, step int, account fixture.Account) error {
	if err := c.move(ctx, step, "revert", fixture.Account{Workload: account.Workload, Name: c.r.own(account.Workload)}); err != nil {
		return err
	}
	c.accounts = slices.DeleteFunc(slices.Clone(c.accounts), func(a fixture.Account) bool { return a.Workload == account.Workload })
	return nil
}

// tried are the hops that the run made attempts over.
func (c *CaseRun) tried() map[hop.Hop]bool {
	over := map[hop.Hop]bool{}
	for _, check := range c.Verdict.Checks {
		over[check.Hop] = true
	}
	return over
}

// CleanUp reverts the case. Where that fails, or does not settle, it is tried again before the next case.
func (c *CaseRun) CleanUp(ctx context.Context) error {
	last := len(c.Case.Steps)
	err := c.revert(ctx)
	if err == nil && !unsettled(c.Verdict.Changes, last) {
		return nil
	}
	c.r.left.add("case "+c.Case.ID, func(ctx context.Context) error {
		c.Verdict.Changes = nil
		err := c.revert(ctx)
		if !c.r.forecasts {
			err = errors.Join(err, c.r.AwaitBaseline(ctx))
		}
		if err == nil && unsettled(c.Verdict.Changes, last) {
			return errors.New("the mesh did not settle after its revert")
		}
		return err
	})
	return err
}
