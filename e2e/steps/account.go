package steps

import (
	"context"
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/mesh"
)

// accountLimit bounds the roll-out of a workload under another ServiceAccount.
const accountLimit = time.Minute

// account rolls a workload out under a ServiceAccount that the step makes.
func (p *play) account(ctx context.Context, step int, account fixture.Account) error {
	made := &corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.workload(account.Workload).Namespace, Name: account.Name, Labels: p.Policies.Labels()},
	}
	if err := p.Policies.Apply(ctx, []k8s.Object{made}, fixture.Whenever); err != nil {
		return err
	}
	p.applied = append(p.applied, file{name: "serviceaccount-" + account.Name, objects: []k8s.Object{made}})
	p.accounts = append(p.accounts, account)
	return p.move(ctx, step, "account", account)
}

// move rolls a workload out under a ServiceAccount and follows it to its new pod: its log, its packets and its address.
func (p *play) move(ctx context.Context, step int, act string, account fixture.Account) error {
	workload := p.workload(account.Workload)
	return p.changed(ctx, step, act, []string{account.Workload + " runs as " + account.Name}, mesh.RuleMarker, func() error {
		if err := p.Mesh.SetAccount(ctx, workload, account.Name, accountLimit); err != nil {
			return err
		}
		was, now, err := p.Mesh.Relocate(ctx, workload, p.Places)
		if err != nil {
			return err
		}
		address := regexp.MustCompile(`\b` + regexp.QuoteMeta(was.Address.String()) + `\b`)
		for hop, shape := range p.baseline {
			p.baseline[hop] = address.ReplaceAllLiteralString(shape, now.Address.String())
		}
		if err := p.Follow(now.Proxy); err != nil {
			return err
		}
		if err := p.Mesh.Mark(ctx, p.Places.Proxies(), settleLimit); err != nil {
			return err
		}
		return p.Taps.Watch(ctx, now)
	})
}

// workload finds a workload of the world; the case's parser has seen that there is one.
func (p *Player) workload(name string) fixture.Workload {
	i := slices.IndexFunc(p.World.Workloads, func(w fixture.Workload) bool { return w.Name == name })
	return p.World.Workloads[i]
}

// own is the ServiceAccount that a workload has in the world.
func (p *Player) own(workload string) string { return p.workload(workload).ServiceAccount }
