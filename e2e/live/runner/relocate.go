package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
)

// Relocate finds the pod that a workload has now: its address, its log and its packets.
func (r *Runner) Relocate(ctx context.Context, workload fixture.Workload) error {
	was, now, err := r.Mesh.Relocate(ctx, workload, r.Places)
	if err != nil {
		return err
	}
	r.baseline = r.baseline.Moved(was.Address.String(), now.Address.String())
	if now.Proxied {
		if err := r.Follow(now.Proxy); err != nil {
			return err
		}
	}
	if r.Taps == nil {
		return nil
	}
	if err := r.Taps.Watch(ctx, now); err != nil {
		return err
	}
	r.watched, err = r.cutoff(ctx)
	return err
}

// hopsTo lists the hops of the world to a workload.
func (r *Runner) hopsTo(workload fixture.Workload) []join.Attempt {
	return slices.DeleteFunc(r.Config.EveryHop(), func(a join.Attempt) bool {
		service, _, _ := r.World.Port(a.To)
		own, err := service.Workload(a.Want.Subset)
		return err != nil || own.Name != workload.Name
	})
}

// AwaitEndpoints waits until the configuration of every hop to a workload can be read for the pod that it now has.
func (r *Runner) AwaitEndpoints(ctx context.Context, workload fixture.Workload) error {
	hops := r.hopsTo(workload)
	var missing string
	err := wait.For(func(ctx context.Context) (bool, error) {
		facts, err := r.Config.Facts(ctx, hops)
		missing = ""
		for _, config := range facts {
			missing = cmp.Or(missing, config.Missing)
		}
		return missing == "", err
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Settle.Duration()), wait.WithInterval(hopconfig.Interval), wait.WithImmediate())
	if err != nil && missing != "" {
		return fmt.Errorf("after %s: %s", timeout.Settle.Duration(), missing)
	}
	return err
}
