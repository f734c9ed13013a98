package steps

import (
	"context"
	"fmt"
)

// pushAnew has istiod push everything to every proxy, by a change of its settings and back that changes no proxy. Without
// it a proxy may still have clusters of before their pods came, which verify no server's name, or the name of an account
// that they had before: case account-change-behind-headless tells why.
func (p *Player) pushAnew(ctx context.Context) error {
	if p.World.Placement.Existing {
		// The settings are another's; the suite's pods are as old as this run.
		return p.Mesh.Mark(ctx, p.Places.Proxies(), settleLimit)
	}
	if err := p.Policies.PushAll(ctx, nil); err != nil { // what a killed run left
		return err
	}
	for _, keys := range []map[string]any{
		{"meshMTLS": map[string]any{"minProtocolVersion": "TLSV1_2"}}, // which is the default
		nil,
	} {
		before, err := p.Mesh.Sync(ctx)
		if err != nil {
			return err
		}
		if err := p.Policies.PushAll(ctx, keys); err != nil {
			return err
		}
		if err := p.Mesh.Settle(ctx, before, p.everything(), settleLimit); err != nil {
			return fmt.Errorf("a push of everything before the first case: %w", err)
		}
	}
	return nil
}
