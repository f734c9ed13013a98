package runner

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// account rolls a workload out under a ServiceAccount that the step makes.
func (c *CaseRun) account(ctx context.Context, step int, account fixture.Account) error {
	made := &corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: c.r.workload(account.Workload).Namespace, Name: account.Name, Labels: c.r.Policies.Labels()},
	}
	on, err := c.Lease(ctx)
	if err != nil {
		return err
	}
	if err := on.Apply(ctx, []k8s.Object{made}, fixture.Whenever); err != nil {
		return err
	}
	c.applied = append(c.applied, file{name: "serviceaccount-" + account.Name, objects: []k8s.Object{made}})
	c.accounts = append(c.accounts, account)
	return c.move(ctx, step, "account", account)
}

// move rolls a workload out under a ServiceAccount and follows it to its new pod: its log, its packets and its address.
func (c *CaseRun) move(ctx context.Context, step int, act string, account fixture.Account) error {
	workload := c.r.workload(account.Workload)
	return c.changed(ctx, step, act, []string{account.Workload + " runs as " + account.Name}, ruleReached, func(*verdict.Change) error {
		if err := c.notePods(ctx); err != nil {
			return err
		}
		if err := c.r.Mesh.SetAccount(ctx, workload, account.Name, timeout.Account.Duration()); err != nil {
			return err
		}
		if _, _, err := c.r.LookAgain(ctx); err != nil {
			return err
		}
		if err := c.watchPods(ctx); err != nil {
			return err
		}
		if err := c.r.AwaitRouting(ctx); err != nil {
			return err
		}
		return c.r.AwaitEndpoints(ctx, workload)
	})
}

// ruleReached is the rule by which a mesh is settled after a roll-out. No push but that of the roll-out is waited for: what
// istiod leaves out of it is the matter of a case.
const ruleReached = "every client of the workload has its new pod as an endpoint, and the node has it behind its Services"

// workload finds a workload of the world; the case's parser has seen that there is one.
func (r *Runner) workload(name string) fixture.Workload {
	workload, _ := r.World.Workload(name)
	return workload
}

// own is the ServiceAccount that a workload has in the world.
func (r *Runner) own(workload string) string { return r.workload(workload).ServiceAccount }
