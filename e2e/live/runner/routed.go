package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
)

// routed waits, after pods or Services have changed, until requests by a Service's address go to the pods that it has now. A
// node that still knows a pod that is gone drops what goes there, and no proxy's configuration tells.
func (p *Player) routed(ctx context.Context) error {
	if err := p.Mesh.EndpointsFollow(ctx, p.namespaces(), settleLimit); err != nil {
		return err
	}
	target, err := p.plainServer()
	if err != nil {
		return err
	}
	at, remove, err := p.Mesh.NewService(ctx, p.World.Placement.In(fixture.MarkerNamespace), p.Policies.Labels(), target)
	if remove != nil {
		defer func() { _ = remove(context.WithoutCancel(ctx)) }()
	}
	if err != nil {
		return err
	}
	err = wait.For(func(ctx context.Context) (bool, error) {
		return p.Sender.Passes(ctx, p.RunID+"-routed", at)
	}, wait.WithContext(ctx), wait.WithTimeout(settleLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if apiwait.Interrupted(err) && ctx.Err() == nil {
		return fmt.Errorf("after %s no connection passes through a new Service at %s: does kube-proxy run on the node of the client without a proxy?", settleLimit, at)
	}
	return err
}

// plainServer is where a server of the world without a proxy takes requests in the clear.
func (p *Player) plainServer() (netip.AddrPort, error) {
	for _, place := range p.Places.Services {
		if !place.Proxied && place.Known() {
			return netip.AddrPortFrom(place.Address, traffic.ClearPort), nil
		}
	}
	return netip.AddrPort{}, errors.New("the world has no server without a proxy")
}

// namespaces are those of the world's workloads.
func (p *Player) namespaces() []string {
	var all []string
	for _, workload := range p.World.Workloads {
		all = with(all, workload.Namespace)
	}
	slices.Sort(all)
	return all
}
