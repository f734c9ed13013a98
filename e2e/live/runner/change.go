package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// settleLimit is how long a change may take to reach every proxy concerned. Istio's own is a fraction of a second.
const settleLimit = 10 * time.Second

func (p *play) apply(ctx context.Context, step int, s fixture.Step) error {
	var files []file
	var objects []k8s.Object
	for _, name := range s.Apply {
		if slices.Contains(p.stands[p.c.ID], name) {
			continue
		}
		decoded, err := p.Policies.Decode(ctx, p.c.Path(name))
		if err != nil {
			return err
		}
		files = append(files, file{name: name, objects: decoded})
		objects = append(objects, decoded...)
	}
	if len(objects) == 0 {
		return nil
	}
	on, err := p.leased(ctx)
	if err != nil {
		return err
	}
	return p.change(ctx, step, "apply", objects, func() error {
		if err := on.Apply(ctx, objects, s.Created); err != nil {
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

// revert takes every step of the clean-up of the case, whatever of it fails: its policies are deleted first, and in the end
// every hop that it tried must be configured as before it. It may be called again where it failed.
func (p *play) revert(ctx context.Context) error {
	p.stopFlow()
	last := len(p.c.Steps)
	policies, accounts := p.standing()
	steps := []cleanup{
		{revertLimit, func(ctx context.Context) error { return p.withdraw(ctx, last, policies) }},
		{revertLimit, p.disconnect},
	}
	if p.settings != nil {
		steps = append(steps, cleanup{revertLimit, func(ctx context.Context) error { return p.unset(ctx, last) }})
	}
	steps = append(steps, p.authorityBack(last)...)
	for _, account := range p.accounts {
		steps = append(steps, cleanup{accountLimit, func(ctx context.Context) error { return p.moveBack(ctx, last, account) }})
	}
	if len(p.accounts) > 0 {
		steps = append(steps, cleanup{revertLimit, p.pushAnew})
	}
	return tryAll(ctx, append(steps,
		cleanup{revertLimit, func(ctx context.Context) error { return p.withdraw(ctx, last, accounts) }},
		cleanup{revertLimit, p.endLease},
		cleanup{revertLimit, func(ctx context.Context) error { return p.restored(ctx, p.touched()) }},
	)...)
}

// standing lists what the case applied and has not deleted. The accounts that workloads still run under are listed apart:
// they are deleted once the workloads have moved back.
func (p *play) standing() (policies, accounts []k8s.Object) {
	for _, f := range p.applied {
		for _, object := range f.objects {
			switch _, account := object.(*corev1.ServiceAccount); {
			case object.GetUID() == "":
			case account && len(p.accounts) > 0:
				accounts = append(accounts, object)
			default:
				policies = append(policies, object)
			}
		}
	}
	return policies, accounts
}

// withdraw deletes objects of the case, also where it cannot be told how the mesh stood before.
func (p *play) withdraw(ctx context.Context, step int, objects []k8s.Object) error {
	if len(objects) == 0 {
		return nil
	}
	err := p.change(ctx, step, "revert", objects, func() error { return p.Policies.Delete(ctx, objects) })
	return errors.Join(err, p.Policies.Delete(ctx, objects))
}

// authorityBack are the steps that lead the mesh back to the authority that it began with; none where it has it. Where one
// fails all are to be taken again.
func (p *play) authorityBack(step int) []cleanup {
	was := p.trust
	var steps []cleanup
	for _, next := range back(was) {
		steps = append(steps, cleanup{authorityLimit, func(ctx context.Context) error { return p.authority(ctx, step, "revert", next) }})
	}
	if len(steps) > 0 {
		steps = append(steps, cleanup{revertLimit, func(context.Context) error {
			if unsettled(p.verdict.Changes, step) {
				p.trust = was
			}
			return nil
		}})
	}
	return steps
}

// moveBack rolls a workload out under the ServiceAccount that it has in the world.
func (p *play) moveBack(ctx context.Context, step int, account fixture.Account) error {
	if err := p.move(ctx, step, "revert", fixture.Account{Workload: account.Workload, Name: p.own(account.Workload)}); err != nil {
		return err
	}
	p.accounts = slices.DeleteFunc(slices.Clone(p.accounts), func(a fixture.Account) bool { return a.Workload == account.Workload })
	return nil
}

// edit gives objects that the case applied another content.
func (p *play) edit(ctx context.Context, step int, names []string) error {
	var files []file
	var objects []k8s.Object
	for _, name := range names {
		decoded, err := p.Policies.Decode(ctx, p.c.Path(name))
		if err != nil {
			return err
		}
		files = append(files, file{name: name, objects: decoded})
		objects = append(objects, decoded...)
	}
	on, err := p.leased(ctx)
	if err != nil {
		return err
	}
	return p.change(ctx, step, "edit", objects, func() error {
		if err := on.Edit(ctx, objects); err != nil {
			return err
		}
		for _, f := range files {
			p.evidence.Policies[f.name] = f.objects
		}
		return nil
	})
}

// mesh lays keys over the mesh's settings until the case ends.
func (p *play) mesh(ctx context.Context, step int, keys map[string]any) error {
	on, err := p.leased(ctx)
	if err != nil {
		return err
	}
	marked, err := p.Mesh.MarkSettings(ctx, keys)
	if err != nil {
		return err
	}
	p.settings = keys
	return p.settle(ctx, step, "mesh", []string{fmt.Sprint(keys)}, settings, func() error { return on.SetMesh(ctx, marked) })
}

// settings is the kind of a change of the mesh's settings.
var settings = []mesh.Kind{mesh.MeshSettings}

// unset puts the mesh's settings back.
func (p *play) unset(ctx context.Context, step int) error {
	p.settings = nil
	return p.settle(ctx, step, "mesh", []string{fmt.Sprint(p.settings)}, settings, func() error {
		if err := p.lease.Restore(ctx); err != nil {
			return err
		}
		return p.setMesh(ctx, p.given)
	})
}

// refuse has a policy refused, and compares the reason with the case's and the oracle's.
func (p *play) refuse(ctx context.Context, step int, refuse fixture.Refuse) error {
	objects, err := p.Policies.Decode(ctx, p.c.Path(refuse.File))
	if err != nil {
		return err
	}
	rejection := verdict.Rejection{Step: step, Objects: names(objects), Wanted: refuse.Says}
	if rejection.Intent, err = refusedByIntent(objects); err != nil {
		return err
	}
	on, err := p.leased(ctx)
	if err != nil {
		return err
	}
	rejection.Got, err = on.Refused(ctx, objects)
	if err != nil && !errors.Is(err, policy.ErrTaken) {
		return err
	}
	rejection.Judge()
	p.verdict.Rejections = append(p.verdict.Rejections, rejection)
	return nil
}

// change makes a change of objects and records how long it took until every proxy concerned had it.
func (p *play) change(ctx context.Context, step int, act string, objects []k8s.Object, do func() error) error {
	return p.settle(ctx, step, act, names(objects), kinds(objects), do)
}

// settle makes a change of the kinds and waits until it is settled at every proxy. That the mesh does not settle is
// recorded, not returned: the checks that follow are INCONCLUSIVE by it.
func (p *play) settle(ctx context.Context, step int, act string, objects []string, of []mesh.Kind, do func() error) error {
	if err := do(); err != nil {
		return err
	}
	return p.changed(ctx, step, act, objects, mesh.RuleMarker(of), func() error {
		return p.Mesh.Settle(ctx, of, p.Places.Proxies(), settleLimit)
	})
}

// changed records a change that the API server has, and how it settled by a rule.
func (p *play) changed(ctx context.Context, step int, act string, objects []string, rule string, settled func() error) error {
	started := time.Now()
	change := verdict.Change{Step: step, Act: act, Objects: objects, At: started.UTC()}
	if err := settled(); err != nil {
		failed(&change.Settled, err)
	}
	change.Settled.Rule, change.Settled.At = rule, time.Now().UTC()
	change.Millis = time.Since(started).Milliseconds()
	p.verdict.Changes = append(p.verdict.Changes, change)
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
