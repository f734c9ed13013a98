package runner

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/pure/fixture"
)

// accountLimit bounds the roll-out of a workload under another ServiceAccount.
const accountLimit = time.Minute

// account rolls a workload out under a ServiceAccount that the step makes.
func (p *play) account(ctx context.Context, step int, account fixture.Account) error {
	made := &corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.workload(account.Workload).Namespace, Name: account.Name, Labels: p.Policies.Labels()},
	}
	on, err := p.leased(ctx)
	if err != nil {
		return err
	}
	if err := on.Apply(ctx, []k8s.Object{made}, fixture.Whenever); err != nil {
		return err
	}
	p.applied = append(p.applied, file{name: "serviceaccount-" + account.Name, objects: []k8s.Object{made}})
	p.accounts = append(p.accounts, account)
	return p.move(ctx, step, "account", account)
}

// move rolls a workload out under a ServiceAccount and follows it to its new pod: its log, its packets and its address.
func (p *play) move(ctx context.Context, step int, act string, account fixture.Account) error {
	workload := p.workload(account.Workload)
	return p.changed(ctx, step, act, []string{account.Workload + " runs as " + account.Name}, ruleReached, func() error {
		if err := p.notePods(ctx); err != nil {
			return err
		}
		if err := p.Mesh.SetAccount(ctx, workload, account.Name, accountLimit); err != nil {
			return err
		}
		if err := p.follow(ctx, workload); err != nil {
			return err
		}
		if err := p.watchPods(ctx); err != nil {
			return err
		}
		if err := p.routed(ctx); err != nil {
			return err
		}
		return p.reached(ctx, workload)
	})
}

// follow finds the pod that a workload has now: its address, its log and its packets.
func (p *Player) follow(ctx context.Context, workload fixture.Workload) error {
	was, now, err := p.Mesh.Relocate(ctx, workload, p.Places)
	if err != nil {
		return err
	}
	address := regexp.MustCompile(`\b` + regexp.QuoteMeta(was.Address.String()) + `\b`)
	for hop, shape := range p.baseline {
		p.baseline[hop] = address.ReplaceAllLiteralString(shape, now.Address.String())
	}
	if now.Proxied {
		if err := p.Follow(now.Proxy); err != nil {
			return err
		}
	}
	if p.Taps == nil {
		return nil
	}
	if err := p.Taps.Watch(ctx, now); err != nil {
		return err
	}
	p.watched, err = p.cutoff(ctx)
	return err
}

// ruleReached is the rule by which a mesh is settled after a roll-out. No push but that of the roll-out is waited for: what
// istiod leaves out of it is the matter of a case.
const ruleReached = "every client of the workload has its new pod as an endpoint, and the node has it behind its Services"

// hopsTo lists the hops of the world to a workload.
func (p *Player) hopsTo(workload fixture.Workload) []attempt {
	return slices.DeleteFunc(p.everyHop(), func(a attempt) bool {
		service, _, _ := p.World.Port(a.To)
		own, err := service.Workload(a.want.Subset)
		return err != nil || own.Name != workload.Name
	})
}

// reached waits until the configuration of every hop to a workload can be read for the pod that it now has.
func (p *Player) reached(ctx context.Context, workload fixture.Workload) error {
	hops := p.hopsTo(workload)
	var missing string
	err := wait.For(func(ctx context.Context) (bool, error) {
		facts, err := p.facts(ctx, hops)
		missing = ""
		for _, config := range facts {
			missing = cmp.Or(missing, config.Missing)
		}
		return missing == "", err
	}, wait.WithContext(ctx), wait.WithTimeout(settleLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if err != nil && missing != "" {
		return fmt.Errorf("after %s: %s", settleLimit, missing)
	}
	return err
}

// workload finds a workload of the world; the case's parser has seen that there is one.
func (p *Player) workload(name string) fixture.Workload {
	workload, _ := p.World.Workload(name)
	return workload
}

// own is the ServiceAccount that a workload has in the world.
func (p *Player) own(workload string) string { return p.workload(workload).ServiceAccount }
