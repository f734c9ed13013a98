package sabotage

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/fixtures/agent/lease"
)

// lease takes the lease on which the sabotage hangs, the first time that it is needed.
func (w *work) lease(ctx context.Context) (*policy.Lease, error) {
	if w.on != nil {
		return w.on, nil
	}
	taken, err := w.policies.Lease(ctx, fmt.Sprintf("%s-mutant-%s", w.RunID, w.mutant.ID), "mutant "+w.mutant.ID, min(timeout.MutantLease.Duration(), lease.Limit))
	if err != nil {
		return nil, err
	}
	ended := false // then a second call has nothing left to do: that the lease had expired is told once
	w.undo(func(ctx context.Context) error {
		if ended {
			return nil
		}
		err := taken.End(ctx)
		ended = policy.Ended(err)
		return err
	})
	w.on = taken
	return taken, nil
}
