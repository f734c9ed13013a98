package upgrade

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/fixtures"
	"mtls.test/conformance/fixtures/agent/lease"
)

// Lease makes hops plaintext for a time: the policies of fixtures/upgrade/traffic/lease/leased.
type Lease struct {
	policies *policy.Policies
	taken    *policy.Lease
	objects  []k8s.Object
	settle   func(context.Context) error
}

// BeginLease applies the policies one after the other, and has the mesh settle after each: no client sends what its server does not
// take.
func BeginLease(ctx context.Context, k *kube.Client, run string, settle func(context.Context) error) (*Lease, error) {
	files, err := fs.Sub(fixtures.FS, "upgrade/traffic/lease/leased")
	if err != nil {
		return nil, err
	}
	// They do not bear the run's label: the cases of a stage take away what does.
	objects, err := decoder.DecodeAllFiles(ctx, files, "*.yaml", kube.Labelled(mesh.PartOf, mesh.Suite))
	if err != nil {
		return nil, fmt.Errorf("policies of the lease: %w", err)
	}
	l := &Lease{policies: policy.New(k, files, run), objects: objects, settle: settle}
	if l.taken, err = l.policies.Lease(ctx, "upgrade-"+run, "plaintext while Istio is upgraded", lease.Limit); err != nil {
		return nil, err
	}
	for _, object := range objects {
		if err := l.taken.Apply(ctx, []k8s.Object{object}, fixture.Whenever); err != nil {
			return nil, err
		}
		if err := settle(ctx); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// End takes the policies back in reverse, and ends the lease.
func (l *Lease) End(ctx context.Context) error {
	for _, object := range slices.Backward(l.objects) {
		if err := l.policies.Delete(ctx, []k8s.Object{object}); err != nil {
			return err
		}
		if err := l.settle(ctx); err != nil {
			return err
		}
	}
	return l.taken.End(ctx)
}
