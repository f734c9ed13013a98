package runner

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Change makes a change of objects and records how long it took until every proxy concerned had it.
func (c *CaseRun) Change(ctx context.Context, step int, act string, objects []k8s.Object, do func() error) error {
	return c.settle(ctx, step, act, names(objects), kinds(objects), do)
}

// settle makes a change of the kinds and waits until it is settled at every proxy. A mesh that does not settle is recorded and
// is no error: it makes the checks that follow INCONCLUSIVE.
func (c *CaseRun) settle(ctx context.Context, step int, act string, objects []string, of []mesh.Kind, do func() error) error {
	if err := do(); err != nil {
		return err
	}
	return c.changed(ctx, step, act, objects, mesh.RuleMarker(of), func(change *verdict.Change) error {
		seen, err := c.r.Mesh.Settle(ctx, of, c.r.Places.Proxies(), timeout.Settle.Duration())
		// A pod that has ended settles nothing any more.
		if err != nil {
			if changed, lost := c.lookAgain(ctx); !changed || lost != nil {
				return errors.Join(err, lost)
			}
			seen, err = c.r.Mesh.Settle(ctx, of, c.r.Places.Proxies(), timeout.Settle.Duration())
		}
		acknowledged(change, seen)
		return err
	})
}

// acknowledged records when each proxy was seen to have a change.
func acknowledged(change *verdict.Change, seen map[mesh.Proxy]time.Time) {
	for _, proxy := range slices.SortedFunc(maps.Keys(seen), func(a, b mesh.Proxy) int { return cmp.Compare(a.String(), b.String()) }) {
		change.Proxies = append(change.Proxies, proxy.String())
		change.ProxyMillis = append(change.ProxyMillis, seen[proxy].Sub(change.At).Milliseconds())
	}
}

// changed waits until a change that the API server has is settled, and records how long that took and by which rule.
func (c *CaseRun) changed(ctx context.Context, step int, act string, objects []string, rule string, settled func(*verdict.Change) error) error {
	started := time.Now()
	change := verdict.Change{Step: step, Act: act, Objects: objects, At: started.UTC()}
	if err := settled(&change); err != nil {
		failed(&change.Settled, err)
	}
	change.Settled.Rule, change.Settled.At = rule, time.Now().UTC()
	change.Millis = time.Since(started).Milliseconds()
	c.Verdict.Changes = append(c.Verdict.Changes, change)
	return ctx.Err()
}

// failed records that a change did not settle: for proxies that are cut off, which is a finding, or for another cause.
func failed(settled *verdict.Settled, err error) {
	detached, only := mesh.Detached(err)
	if !only {
		settled.Failed = err.Error()
		return
	}
	for _, proxy := range detached {
		if !slices.Contains(settled.Detached, proxy.String()) {
			settled.Detached = append(settled.Detached, proxy.String())
		}
	}
}

func names(objects []k8s.Object) []string {
	var names []string
	for _, object := range objects {
		names = append(names, kube.Name(object))
	}
	return names
}
