package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/traffic"
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
	if err := r.find(ctx, mesh.Proxy{}, r.scan(ctx)); err != nil {
		return err
	}
	var err error
	r.watched, err = r.cutoff(ctx)
	return err
}

// ControlTaps is the positive control of the taps: it makes a plaintext connection to each server, which the tap must show, and
// sends a token in clear to each pod of the world, which must be found. Without it "no plaintext was seen" means nothing, so
// packets of a server that fails it are no evidence. The taps may be others than before.
func (r *Runner) ControlTaps(ctx context.Context) error {
	r.blind, r.deaf = map[mesh.Proxy]error{}, map[netip.Addr]error{}
	if r.Taps == nil {
		return nil
	}
	r.seen.heard = nil
	unscanned := r.scan(ctx)
	servers := r.servers()
	for _, place := range servers {
		if err := r.controlOf(ctx, place); err != nil {
			r.blind[place.Proxy] = err
		}
	}
	for pod, why := range r.controlTokens(ctx) {
		why = errors.Join(why, unscanned)
		r.deaf[pod.Address] = why
		if _, server := servers[pod.Proxy]; server && r.blind[pod.Proxy] == nil {
			r.blind[pod.Proxy] = why
		}
	}
	return ctx.Err()
}

// controlTokens returns the pods past which a token went in clear and the tap did not find it, and why that is known: those that
// the servers were sent, and one that is sent to each other pod, whether it serves that or not.
func (r *Runner) controlTokens(ctx context.Context) map[mesh.Place]error {
	unheard := func() []mesh.Place {
		r.look(ctx)
		return slices.DeleteFunc(r.Places.All(), func(place mesh.Place) bool {
			return !place.Known() || slices.Contains(r.seen.heard, place.Address)
		})
	}
	for _, place := range unheard() {
		_, _ = r.Sender.Passes(ctx, r.control(), netip.AddrPortFrom(place.Address, traffic.ClearPort))
	}
	deaf := map[mesh.Place]error{}
	for _, place := range unheard() {
		deaf[place] = fmt.Errorf("the tap does not find a token where there is one: in clear at %s", place)
	}
	return deaf
}

func (r *Runner) controlOf(ctx context.Context, place mesh.Place) error {
	if err := r.Taps.Watch(ctx, place); err != nil {
		return err
	}
	began, err := r.cutoff(ctx)
	if err != nil {
		return err
	}
	port, err := r.Sender.Clear(ctx, r.control(), place)
	if err != nil {
		return err
	}
	return r.Taps.SeesPlaintext(ctx, tap.Wanted{Destination: netip.AddrPortFrom(place.Address, port), Since: began})
}

// uncontrolled tells why packets of a server's pod prove nothing; nil where its tap was seen to see plaintext.
func (r *Runner) uncontrolled(pod mesh.Proxy) error {
	if why := r.blind[pod]; why != nil {
		return fmt.Errorf("the tap is not known to see what is in clear: %w", why)
	}
	return nil
}
