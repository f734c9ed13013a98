package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
)

// LookAgain finds which pods the world has now, and tells whether they are others than before. Logs and packets of those that came
// are read from now on. Of the pods that are gone it returns those whose workload kept another.
func (r *Runner) LookAgain(ctx context.Context) (changed bool, fewer []mesh.Place, err error) {
	was := r.Places
	now, err := r.Mesh.Locate(ctx, r.World)
	if err != nil {
		return false, nil, err
	}
	now = now.Since(was)
	before, after := was.All(), now.All()
	if slices.Equal(before, after) {
		return false, nil, nil
	}
	for _, place := range after {
		if slices.Contains(before, place) {
			continue
		}
		if err := r.adopt(ctx, place); err != nil {
			return false, nil, err
		}
	}
	r.Places, r.Config.Places = now, now
	r.Sender.Relocate(now)
	return true, now.Fewer(was), nil
}

// adopt has the log of a pod and its packets read from now on. A pod that cannot be watched is a finding.
func (r *Runner) adopt(ctx context.Context, place mesh.Place) error {
	if place.Proxied {
		if err := r.Follow(place.Proxy); err != nil {
			return err
		}
	}
	if r.Taps == nil {
		return nil
	}
	if err := r.find(ctx, place.Proxy, r.Taps.Watch(ctx, place)); err != nil {
		return err
	}
	var err error
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
		for _, pairs := range facts {
			for _, pair := range pairs {
				missing = cmp.Or(missing, pair.Config.Missing)
			}
		}
		return missing == "", err
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Settle.Duration()), wait.WithInterval(hopconfig.Interval), wait.WithImmediate())
	if err != nil && missing != "" {
		return fmt.Errorf("after %s: %s", timeout.Settle.Duration(), missing)
	}
	return err
}
