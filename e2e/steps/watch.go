package steps

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/fixtures/agent/tap"
)

// watch has the taps record what comes to the servers' pods, and proves by a connection in the clear to each that they
// see plaintext where there is some: without that, that none was seen would mean nothing.
func (p *Player) watch(ctx context.Context, servers map[mesh.Proxy]mesh.Place) error {
	for _, place := range servers {
		if err := p.Taps.Watch(ctx, place); err != nil {
			return err
		}
		began := time.Now()
		port, err := p.Sender.Clear(ctx, p.RunID+"-control", place)
		if err != nil {
			return err
		}
		if err := p.Taps.SeesPlaintext(ctx, tap.Wanted{Destination: netip.AddrPortFrom(place.Address, port), Since: began}); err != nil {
			return fmt.Errorf("positive control of %s: %w", place.Proxy, err)
		}
	}
	return nil
}
