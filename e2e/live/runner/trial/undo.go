package trial

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
)

// undo takes a sabotage back and waits until every hop is configured as before it; every step is taken, whatever failed
// before. It may be called again where it failed.
func undo(ctx context.Context, r *runner.Runner, done *sabotage.Done) error {
	steps := []runner.CleanupStep{runner.Within(timeout.Undo.Duration(), func(ctx context.Context) error {
		if err := done.Undo(ctx); err != nil {
			return fmt.Errorf("the sabotage could not be undone: %w", err)
		}
		return nil
	})}
	for _, workload := range done.Moved {
		steps = append(steps,
			runner.Within(timeout.Revert.Duration(), func(ctx context.Context) error { _, _, err := r.LookAgain(ctx); return err }),
			runner.Within(timeout.Revert.Duration(), func(ctx context.Context) error { return r.AwaitEndpoints(ctx, workload) }),
		)
	}
	if done.Rerouted {
		steps = append(steps, runner.Within(timeout.Revert.Duration(), r.AwaitRouting))
	}
	steps = append(steps,
		runner.Within(timeout.Attach.Duration(), r.AwaitStreams),
		runner.Within(timeout.Revert.Duration()+timeout.Agree.Duration(), func(ctx context.Context) error {
			_, err := r.Mesh.Settle(ctx, r.Mesh.Kinds(), r.Places.Proxies(), timeout.Agree.Duration())
			return err
		}),
		runner.Within(timeout.Revert.Duration(), r.Watch),
		runner.Within(timeout.Revert.Duration(), r.ControlTaps),
	)
	if len(done.Moved) > 0 {
		steps = append(steps, runner.Within(timeout.Revert.Duration(), r.PushAll))
	}
	return runner.CleanUpAll(ctx, append(steps, runner.Within(timeout.Revert.Duration(), r.AwaitBaseline))...)
}
