package runner

import (
	"context"
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/envoy"
)

// Start readies the runner for cases, which begin without a policy: the taps must see plaintext where there is some.
func (r *Runner) Start(ctx context.Context) error {
	if err := r.Reset(ctx); err != nil {
		return err
	}
	return r.ControlTaps(ctx)
}

// Reset removes what earlier runs left in the mesh, and takes the baseline. A defect that silences one observer of one pod is a
// finding, and no error.
func (r *Runner) Reset(ctx context.Context) error {
	r.trust = began
	r.Config.ForgetSecrets()
	if err := r.endLeases(ctx); err != nil {
		return err
	}
	left, err := r.Policies.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if err := r.Policies.Delete(ctx, left); err != nil {
			return err
		}
	}
	// Also what the garbage collector deleted with the leases, before it could be listed.
	settle := func(ctx context.Context) error {
		_, err := r.Mesh.Settle(ctx, r.Mesh.Kinds(), r.Places.Proxies(), timeout.Settle.Duration())
		return err
	}
	for _, ready := range []func(context.Context) error{r.AwaitStreams, settle, r.PushAll, r.AwaitRouting} {
		if err := r.find(ctx, mesh.Proxy{}, ready(ctx)); err != nil {
			return err
		}
	}
	if err := r.agreed(ctx); err != nil {
		return err
	}
	if err := r.Watch(ctx); err != nil {
		return err
	}
	if err := r.fitClocks(ctx); err != nil {
		return err
	}
	chain, err := r.Mesh.ApplicationChain(ctx)
	if err != nil {
		return err
	}
	if r.Config.Application, err = envoy.ReadChain(chain); err != nil {
		return fmt.Errorf("the application's certificate: %w", err)
	}
	return r.TakeBaseline(ctx)
}

// End tries failed clean-ups once more. The error names what the cases left behind: objects of theirs, or hops that are
// configured otherwise than before.
func (r *Runner) End(ctx context.Context) error {
	if err := r.CleanUp(ctx); err != nil {
		return err
	}
	left, err := r.Policies.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("policies of the run are left in the mesh: %s", strings.Join(names(left), ", "))
	}
	return r.AwaitBaseline(ctx)
}
