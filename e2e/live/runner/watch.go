package runner

import (
	"context"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/fixtures/agent/tap"
)

// servers are the places of all services, by their pods.
func (p *Player) servers() map[mesh.Proxy]mesh.Place {
	servers := map[mesh.Proxy]mesh.Place{}
	for _, place := range p.Places.Services {
		if place.Known() {
			servers[place.Proxy] = place
		}
	}
	return servers
}

// watch has the taps record what comes to the servers' pods. A pod that cannot be watched is a finding.
func (p *Player) watch(ctx context.Context) error {
	if p.Taps == nil {
		return nil
	}
	for _, place := range p.servers() {
		if err := p.find(ctx, place.Proxy, p.Taps.Watch(ctx, place)); err != nil {
			return err
		}
	}
	var err error
	p.watched, err = p.cutoff(ctx)
	return err
}

// control proves by a connection in the clear to each server that the taps see plaintext where there is some: without that,
// that none was seen would mean nothing, so packets of a server that fails it say nothing.
func (p *Player) control(ctx context.Context) error {
	p.blind = map[mesh.Proxy]error{}
	if p.Taps == nil {
		return nil
	}
	for _, place := range p.servers() {
		if err := p.controlOf(ctx, place); err != nil {
			p.blind[place.Proxy] = err
		}
	}
	return ctx.Err()
}

func (p *Player) controlOf(ctx context.Context, place mesh.Place) error {
	began, err := p.cutoff(ctx)
	if err != nil {
		return err
	}
	port, err := p.Sender.Clear(ctx, p.RunID+"-control", place)
	if err != nil {
		return err
	}
	return p.Taps.SeesPlaintext(ctx, tap.Wanted{Destination: netip.AddrPortFrom(place.Address, port), Since: began})
}
