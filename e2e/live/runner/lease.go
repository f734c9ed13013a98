package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/tap"
)

// leaseLimit is how long the changes of a case may stand: longer than a case is given, clean-up included.
const leaseLimit = 10 * time.Minute

// leased is the lease on which all changes of the case hang. It is taken before the first of them.
func (p *play) leased(ctx context.Context) (*policy.Lease, error) {
	if p.lease != nil {
		return p.lease, nil
	}
	var err error
	p.leasedAt = time.Now()
	p.lease, err = p.Policies.Lease(ctx, p.run+"-"+p.c.ID, "case "+p.c.ID, leaseLimit)
	return p.lease, err
}

// endLease ends the lease of the case, if it took one. That it had expired means that the sweeper took its policies out
// of the mesh before the case was through.
func (p *play) endLease(ctx context.Context) error {
	if p.lease == nil {
		return nil
	}
	err := p.lease.End(ctx)
	now := time.Now()
	p.verdict.Lease = &verdict.Lease{
		Name: p.lease.Name(), LimitSeconds: p.lease.For().Seconds(), HeldSeconds: now.Sub(p.leasedAt).Seconds(), InTheClear: p.exposure(ctx, now),
	}
	if policy.Ended(err) {
		p.lease = nil
	}
	return err
}

// exposure asks the taps for what clients with a proxy sent in the clear to the servers of the case's checks since its lease
// was taken; nil where no check was in the clear.
func (p *play) exposure(ctx context.Context, now time.Time) *verdict.Exposure {
	proxied := map[netip.Addr]bool{}
	for _, place := range p.Places.Clients {
		proxied[place.Address] = place.Proxied
	}
	var wanted []tap.Wanted
	for _, check := range p.verdict.Checks {
		wire := check.Observers.Wire
		if wire == nil || wire.Says != hop.Plaintext || !proxied[wire.Conn.Source.Addr()] {
			continue
		}
		if one := (tap.Wanted{Destination: wire.Conn.Destination, Since: p.leasedAt}); !slices.Contains(wanted, one) {
			wanted = append(wanted, one)
		}
	}
	if len(wanted) == 0 || p.Taps == nil {
		return nil
	}
	exposed, first := &verdict.Exposure{}, now
	for conn, wire := range p.Taps.Connections(ctx, wanted) {
		seen := wire.Observation
		if seen.Says != hop.Plaintext || !proxied[conn.Source.Addr()] {
			continue
		}
		exposed.Connections++
		if seen.Packets.Opened.Before(first) {
			first = seen.Packets.Opened
		}
		if !seen.Packets.Closed {
			exposed.Open = append(exposed.Open, conn)
		}
	}
	exposed.Seconds = now.Sub(first).Seconds()
	return exposed
}

// endLeases ends the leases of runs that were killed: nobody else has a mesh of ours to change. Those that the runner took for
// this run, whose id begins the suite's, stand.
func (p *Player) endLeases(ctx context.Context) error {
	left, err := p.Policies.Leases(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, lease := range left {
		if strings.HasPrefix(p.RunID, lease.Run()+"-") {
			continue
		}
		if err := lease.End(ctx); !policy.Ended(err) {
			failed = append(failed, fmt.Errorf("what an earlier run left: %w", err))
		}
	}
	return errors.Join(failed...)
}
