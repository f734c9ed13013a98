package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
)

// AwaitRouting waits, after pods or Services have changed, until requests to a Service's address go to its present pods. A node
// that still routes to a pod that is gone drops the packets, and no proxy's configuration shows it.
func (r *Runner) AwaitRouting(ctx context.Context) error {
	if err := r.Mesh.EndpointsFollow(ctx, r.namespaces(), timeout.Settle.Duration()); err != nil {
		return err
	}
	target, err := r.plainServer()
	if err != nil {
		return err
	}
	at, remove, err := r.Mesh.NewService(ctx, r.World.Placement.In(fixture.MarkerNamespace), r.Policies.Labels(), target)
	if remove != nil {
		defer func() { _ = remove(context.WithoutCancel(ctx)) }()
	}
	if err != nil {
		return err
	}
	err = wait.For(func(ctx context.Context) (bool, error) {
		return r.Sender.Passes(ctx, r.RunID+"-routed", at)
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Settle.Duration()), wait.WithInterval(hopconfig.Interval), wait.WithImmediate())
	if apiwait.Interrupted(err) && ctx.Err() == nil {
		return fmt.Errorf("after %s no connection passes through a new Service at %s: does kube-proxy run on the node of the client without a proxy?", timeout.Settle.Duration(), at)
	}
	return err
}

// plainServer is where a server of the world without a proxy takes requests in the clear.
func (r *Runner) plainServer() (netip.AddrPort, error) {
	for _, pods := range r.Places.Services {
		if place := pods.First(); !place.Proxied && place.Known() {
			return netip.AddrPortFrom(place.Address, traffic.ClearPort), nil
		}
	}
	return netip.AddrPort{}, errors.New("the world has no server without a proxy")
}

// namespaces are those of the world's workloads.
func (r *Runner) namespaces() []string {
	var all []string
	for _, workload := range r.World.Workloads {
		all = with(all, workload.Namespace)
	}
	slices.Sort(all)
	return all
}
