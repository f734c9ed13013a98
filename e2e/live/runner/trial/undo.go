package trial

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/sabotage"
)

// undo takes a sabotage back and waits until every hop is configured as before it; every step is taken, whatever failed
// before. It may be called again where it failed.
func undo(ctx context.Context, r *runner.Runner, done *sabotage.Done) error {
	steps := []runner.CleanupStep{runner.Within(undoLimit, func(ctx context.Context) error {
		if err := done.Undo(ctx); err != nil {
			return fmt.Errorf("the sabotage could not be undone: %w", err)
		}
		return nil
	})}
	for _, workload := range done.Moved {
		steps = append(steps,
			runner.Within(runner.RevertLimit, func(ctx context.Context) error { return r.Relocate(ctx, workload) }),
			runner.Within(runner.RevertLimit, func(ctx context.Context) error { return r.AwaitEndpoints(ctx, workload) }),
		)
	}
	if done.Rerouted {
		steps = append(steps, runner.Within(runner.RevertLimit, r.AwaitRouting))
	}
	steps = append(steps,
		runner.Within(runner.AttachLimit, r.AwaitStreams),
		runner.Within(runner.RevertLimit+runner.AgreementLimit, func(ctx context.Context) error {
			return r.Mesh.Settle(ctx, mesh.Kinds(), r.Places.Proxies(), runner.AgreementLimit)
		}),
		runner.Within(runner.RevertLimit, r.Watch),
		runner.Within(runner.RevertLimit, r.ControlTaps),
	)
	if len(done.Moved) > 0 {
		steps = append(steps, runner.Within(runner.RevertLimit, r.PushAll))
	}
	return runner.CleanUpAll(ctx, append(steps, runner.Within(runner.RevertLimit, r.AwaitBaseline))...)
}
