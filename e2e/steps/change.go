package steps

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/kube"
	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/e2e/verdict"
)

// settleLimit is how long a change may take to reach every proxy concerned. Istio's own is a fraction of a second.
const settleLimit = 10 * time.Second

func (p *play) apply(ctx context.Context, step int, s fixture.Step) error {
	var files []file
	var objects []k8s.Object
	for _, name := range s.Apply {
		decoded, err := p.Policies.Decode(ctx, p.c.Path(name))
		if err != nil {
			return err
		}
		files = append(files, file{name: name, objects: decoded})
		objects = append(objects, decoded...)
	}
	return p.change(ctx, step, "apply", objects, func() error {
		if err := p.Policies.Apply(ctx, objects, s.Created); err != nil {
			return err
		}
		p.applied = append(p.applied, files...)
		for _, f := range files {
			p.evidence.Policies[f.name] = f.objects
		}
		return nil
	})
}

func (p *play) delete(ctx context.Context, step int, names []string) error {
	var objects []k8s.Object
	for _, f := range p.applied {
		if slices.Contains(names, f.name) {
			objects = append(objects, f.objects...)
		}
	}
	return p.change(ctx, step, "delete", objects, func() error {
		if err := p.Policies.Delete(ctx, objects); err != nil {
			return err
		}
		p.applied = slices.DeleteFunc(p.applied, func(f file) bool { return slices.Contains(names, f.name) })
		return nil
	})
}

// revert deletes what is still applied, and waits until every proxy is configured as before the case.
func (p *play) revert(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, revertLimit)
	defer cancel()
	p.stopFlow()
	var objects []k8s.Object
	for _, f := range p.applied {
		objects = append(objects, f.objects...)
	}
	last := len(p.c.Steps)
	if len(objects) > 0 {
		err := p.change(ctx, last, "revert", objects, func() error { return p.Policies.Delete(ctx, objects) })
		if err != nil {
			return err
		}
	}
	different, err := p.restored(ctx)
	if len(different) > 0 {
		return fmt.Errorf("the revert left the proxies configured otherwise than before the case: %v", different)
	}
	return err
}

// change makes a change and records how long it took until every proxy concerned had it. That the mesh does not
// settle is recorded, not returned: the checks that follow are INCONCLUSIVE by it.
func (p *play) change(ctx context.Context, step int, act string, objects []k8s.Object, do func() error) error {
	before, err := p.Mesh.Sync(ctx)
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	started := time.Now()
	change := verdict.Change{Step: step, Act: act, Objects: names(objects), At: started.UTC(), Settled: verdict.Settled{Rule: mesh.RulePush}}
	if err := p.Mesh.Settle(ctx, before, p.due(objects), settleLimit); err != nil {
		change.Settled.Failed = err.Error()
	}
	change.Millis = time.Since(started).Milliseconds()
	p.verdict.Changes = append(p.verdict.Changes, change)
	return ctx.Err()
}

func names(objects []k8s.Object) []string {
	var names []string
	for _, object := range objects {
		names = append(names, kube.Name(object))
	}
	return names
}
