package runner

import (
	"context"
	"fmt"
	"slices"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
)

// pushAnew has istiod push everything to every proxy, by a change of its settings and back that changes no proxy. Without
// it a proxy may still have clusters of before their pods came, which verify no server's name, or the name of an account
// that they had before: case account-change-behind-headless tells why.
func (p *Player) pushAnew(ctx context.Context) error {
	if p.World.Placement.Existing {
		return p.pushServices(ctx)
	}
	for _, keys := range []map[string]any{
		nil, // what a killed run left
		{"meshMTLS": map[string]any{"minProtocolVersion": "TLSV1_2"}}, // which is the default
		nil,
	} {
		if err := p.setMesh(ctx, keys); err != nil {
			return err
		}
		if err := p.Mesh.Settle(ctx, settings, p.Places.Proxies(), settleLimit); err != nil {
			return fmt.Errorf("a push of everything before the first case: %w", err)
		}
	}
	return nil
}

// setMesh makes keys that hold anyway the mesh's settings, with their marker.
func (p *Player) setMesh(ctx context.Context, keys map[string]any) error {
	marked, err := p.Mesh.MarkSettings(ctx, keys)
	if err != nil {
		return err
	}
	return p.Policies.PushAll(ctx, marked)
}

// pushServices does what can be done where the settings are another's: the Services are touched, and every client that speaks
// mTLS to one comes to ask for the names of its pods. What does not come is for the verdicts to tell.
func (p *Player) pushServices(ctx context.Context) error {
	if err := p.Policies.Touch(ctx, p.World.Placement.In(fixture.ProductsNamespace)); err != nil {
		return err
	}
	hops := slices.DeleteFunc(p.everyHop(), func(a attempt) bool {
		service, _, _ := p.World.Port(a.To)
		return service.Kind != fixture.ClusterIP || a.want.Subset != ""
	})
	err := wait.For(func(ctx context.Context) (bool, error) {
		facts, err := p.facts(ctx, hops)
		if err != nil {
			return false, err
		}
		for _, config := range facts {
			client := config.Client
			if client != nil && client.Socket == envoy.TLSSocket && len(client.SANs) == 0 {
				return false, nil
			}
		}
		return true, nil
	}, wait.WithContext(ctx), wait.WithTimeout(settleLimit), wait.WithInterval(lifeInterval), wait.WithImmediate())
	if err != nil && !apiwait.Interrupted(err) {
		return err
	}
	return p.Mesh.Settle(ctx, []mesh.Kind{"Service"}, p.Places.Proxies(), settleLimit)
}
