package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/lease"
	"mtls.test/conformance/fixtures/agent/tap"
)

// Lease returns the lease that owns all changes of the run. It is taken before the first change, in the name of the case.
func (c *CaseRun) Lease(ctx context.Context) (*policy.Lease, error) {
	if c.lease != nil {
		return c.lease, nil
	}
	return c.TakeLease(ctx, "case "+c.Case.ID, min(timeout.CaseLease.Duration(), lease.Limit))
}

// TakeLease takes the lease of the run for an owner, before anything is changed.
func (c *CaseRun) TakeLease(ctx context.Context, owner string, limit time.Duration) (*policy.Lease, error) {
	var err error
	c.leasedAt = time.Now()
	c.lease, err = c.r.Policies.Lease(ctx, c.Name+"-"+c.Case.ID, owner, limit)
	return c.lease, err
}

// EndLease ends the lease of the run, if it took one. The error is policy.ErrExpired where the sweeper has ended it before, and
// deleted its policies during the run.
func (c *CaseRun) EndLease(ctx context.Context) error {
	if c.lease == nil {
		return nil
	}
	err := c.lease.End(ctx)
	now := time.Now()
	c.Verdict.Lease = &verdict.Lease{
		Name: c.lease.Name(), From: c.leasedAt.UTC(), LimitSeconds: c.lease.For().Seconds(), HeldSeconds: now.Sub(c.leasedAt).Seconds(), InTheClear: c.exposure(ctx, now),
	}
	if policy.Ended(err) {
		c.lease = nil
	}
	return err
}

// exposure asks the taps for what clients with a proxy sent in the clear to the servers of the case's checks since its lease
// was taken; nil where none was.
func (c *CaseRun) exposure(ctx context.Context, now time.Time) *verdict.Exposure {
	proxied := map[netip.Addr]bool{}
	for _, pods := range c.r.Places.Clients {
		for _, place := range pods {
			proxied[place.Address] = place.Proxied
		}
	}
	var wanted []tap.Wanted
	for _, check := range c.Verdict.Checks {
		wire := check.Observers.Wire
		if wire == nil || wire.Says != hop.Plaintext || !proxied[wire.Conn.Source.Addr()] {
			continue
		}
		if one := (tap.Wanted{Destination: wire.Conn.Destination, Since: c.leasedAt}); !slices.Contains(wanted, one) {
			wanted = append(wanted, one)
		}
	}
	if len(wanted) == 0 || c.r.Taps == nil {
		return nil
	}
	exposed, first := &verdict.Exposure{}, now
	for conn, wire := range c.r.Taps.Connections(ctx, wanted) {
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
	if exposed.Connections == 0 { // what was in the clear was so before
		return nil
	}
	slices.SortFunc(exposed.Open, func(a, b hop.FiveTuple) int { return cmp.Compare(a.String(), b.String()) })
	exposed.From, exposed.Seconds = first.UTC(), now.Sub(first).Seconds()
	return exposed
}

// endLeases ends the leases that killed runs left. Leases that the command took for this run stay: its id begins the suite's.
func (r *Runner) endLeases(ctx context.Context) error {
	left, err := r.Policies.Leases(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, lease := range left {
		if strings.HasPrefix(r.RunID, lease.Run()+"-") {
			continue
		}
		if err := lease.End(ctx); !policy.Ended(err) {
			failed = append(failed, fmt.Errorf("what an earlier run left: %w", err))
		}
	}
	return errors.Join(failed...)
}
