package steps

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mtls.test/conformance/e2e/policy"
)

// leaseLimit is how long the changes of a case may stand: longer than a case is given, clean-up included.
const leaseLimit = 10 * time.Minute

// leased is the lease on which all changes of the case hang. It is taken before the first of them.
func (p *play) leased(ctx context.Context) (*policy.Lease, error) {
	if p.lease != nil {
		return p.lease, nil
	}
	var err error
	p.lease, err = p.Policies.Lease(ctx, p.run+"-"+p.c.ID, "case "+p.c.ID, leaseLimit)
	return p.lease, err
}

// endLease ends the lease of the case, if it took one. That it had expired means that the sweeper took its policies out
// of the mesh before the case was through.
func (p *play) endLease(ctx context.Context) error {
	if p.lease == nil {
		return nil
	}
	return p.lease.End(ctx)
}

// endLeases ends the leases of runs that were killed: nobody else has a mesh of ours to change.
func (p *Player) endLeases(ctx context.Context) error {
	left, err := p.Policies.Leases(ctx)
	if err != nil {
		return err
	}
	for _, lease := range left {
		if err := lease.End(ctx); err != nil && !errors.Is(err, policy.ErrExpired) {
			return fmt.Errorf("what an earlier run left: %w", err)
		}
	}
	return nil
}
