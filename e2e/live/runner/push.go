package runner

import (
	"context"
	"fmt"
	"slices"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
)

// PushAll makes istiod push everything to every proxy: it changes a setting that changes no proxy, and changes it back. Without
// a full push a proxy may keep clusters from before their pods came. These verify no server's name, or the name of an earlier
// account (case account-change-behind-headless).
func (r *Runner) PushAll(ctx context.Context) error {
	if r.World.Placement.Existing {
		return r.pushServices(ctx)
	}
	for _, keys := range []map[string]any{
		nil, // what a killed run left
		{"meshMTLS": map[string]any{"minProtocolVersion": "TLSV1_2"}}, // which is the default
		nil,
	} {
		if err := r.setMesh(ctx, keys); err != nil {
			return err
		}
		if _, err := r.Mesh.Settle(ctx, settings, r.Places.Proxies(), timeout.Settle.Duration()); err != nil {
			return fmt.Errorf("a push of everything before the first case: %w", err)
		}
	}
	return nil
}

// setMesh writes keys into the mesh's settings, with their marker.
func (r *Runner) setMesh(ctx context.Context, keys map[string]any) error {
	marked, err := r.Mesh.MarkSettings(ctx, keys)
	if err != nil {
		return err
	}
	return r.Policies.PushAll(ctx, marked)
}

// pushServices stands in for a full push on a cluster whose settings belong to somebody else. It touches the Services and waits
// until every client that speaks mTLS to one verifies the names of its pods. Where that does not come, the verdicts say so.
func (r *Runner) pushServices(ctx context.Context) error {
	if err := r.Policies.Touch(ctx, r.World.Placement.In(fixture.ProductsNamespace)); err != nil {
		return err
	}
	hops := slices.DeleteFunc(r.Config.EveryHop(), func(a join.Attempt) bool {
		service, _, _ := r.World.Port(a.To)
		return service.Kind != fixture.ClusterIP || a.Want.Subset != ""
	})
	err := wait.For(func(ctx context.Context) (bool, error) {
		facts, err := r.Config.Facts(ctx, hops)
		if err != nil {
			return false, err
		}
		for _, pairs := range facts {
			if slices.ContainsFunc(pairs, nameless) {
				return false, nil
			}
		}
		return true, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Settle.Duration()), wait.WithInterval(lifeInterval), wait.WithImmediate())
	if err != nil && !apiwait.Interrupted(err) {
		return err
	}
	_, err = r.Mesh.Settle(ctx, []mesh.Kind{"Service"}, r.Places.Proxies(), timeout.Settle.Duration())
	return err
}

// nameless tells that a client speaks mTLS to a server and verifies no name of it.
func nameless(pair hopconfig.Pair) bool {
	client := pair.Config.Client
	return client != nil && client.Socket == envoy.TLSSocket && len(client.SANs) == 0
}

// settings is the kind of a change of the mesh's settings.
var settings = []mesh.Kind{mesh.MeshSettings}
