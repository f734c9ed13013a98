package runner

import (
	"context"
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/fixtures/agent/tap"
)

// servers are the places of all services, by their pods.
func (r *Runner) servers() map[mesh.Proxy]mesh.Place {
	servers := map[mesh.Proxy]mesh.Place{}
	for _, pods := range r.Places.Services {
		for _, place := range pods {
			servers[place.Proxy] = place
		}
	}
	return servers
}

// Watch has the taps record what comes to the servers' pods. A pod that cannot be watched is a finding.
func (r *Runner) Watch(ctx context.Context) error {
	if r.Taps == nil {
		return nil
	}
	for _, place := range r.servers() {
		if err := r.find(ctx, place.Proxy, r.Taps.Watch(ctx, place)); err != nil {
			return err
		}
	}
	var err error
	r.watched, err = r.cutoff(ctx)
	return err
}

// ControlTaps is the positive control of the taps: it makes a plaintext connection to each server, which the tap must show.
// Without it "no plaintext was seen" means nothing, so packets of a server that fails it are no evidence.
func (r *Runner) ControlTaps(ctx context.Context) error {
	r.blind = map[mesh.Proxy]error{}
	if r.Taps == nil {
		return nil
	}
	for _, place := range r.servers() {
		if err := r.controlOf(ctx, place); err != nil {
			r.blind[place.Proxy] = err
		}
	}
	return ctx.Err()
}

func (r *Runner) controlOf(ctx context.Context, place mesh.Place) error {
	began, err := r.cutoff(ctx)
	if err != nil {
		return err
	}
	port, err := r.Sender.Clear(ctx, r.RunID+"-control", place)
	if err != nil {
		return err
	}
	return r.Taps.SeesPlaintext(ctx, tap.Wanted{Destination: netip.AddrPortFrom(place.Address, port), Since: began})
}

// uncontrolled tells why packets of a server's pod prove nothing; nil where its tap was seen to see plaintext.
func (r *Runner) uncontrolled(pod mesh.Proxy) error {
	if why := r.blind[pod]; why != nil {
		return fmt.Errorf("the tap is not known to see plaintext where there is some: %w", why)
	}
	return nil
}
