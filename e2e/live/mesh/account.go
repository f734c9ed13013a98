package mesh

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/pure/fixture"
)

// SetAccount rolls a workload out under a ServiceAccount of its namespace, and waits until one pod of it is left that is
// ready.
func (m *Mesh) SetAccount(ctx context.Context, workload fixture.Workload, name string, limit time.Duration) error {
	deployment := &appsv1.Deployment{}
	deployment.Namespace, deployment.Name = workload.Namespace, workload.Name
	patch := fmt.Appendf(nil, `{"spec":{"template":{"spec":{"serviceAccountName":%q}}}}`, name)
	if err := m.kube.MergePatch(ctx, deployment, patch); err != nil {
		return err
	}
	if err := RolledOut(ctx, m.kube, deployment); err != nil {
		return err
	}
	running := 0
	err := wait.For(func(ctx context.Context) (bool, error) {
		pods, err := m.kube.Pods(ctx, workload.Namespace, workload.Selector)
		running = len(pods)
		return running == 1, err
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(rolloutInterval), wait.WithImmediate())
	if err != nil && running > 1 {
		return fmt.Errorf("deployment %s/%s: %d pods run after %s, want one", workload.Namespace, workload.Name, running, limit)
	}
	return err
}
