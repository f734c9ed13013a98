package upgrade

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// restartAnnotation is that of kubectl rollout restart.
const restartAnnotation = "kubectl.kubernetes.io/restartedAt"

// moveNamespace labels a namespace with what injects it from now on, and restarts its workloads one after the other.
func (m *Mover) moveNamespace(ctx context.Context, name string, to upgrade.Side) error {
	if err := m.label(ctx, name, to); err != nil {
		return err
	}
	return m.restart(ctx, name)
}

// label names a side's revision at a namespace: by the tag where that names the revision.
func (m *Mover) label(ctx context.Context, namespace string, to upgrade.Side) error {
	if !m.Mode.Revisions() {
		return nil
	}
	value := Revision(m.Mode, m.Releases[to])
	if cmp.Or(m.tagged, upgrade.From) == to {
		value = stable
	}
	object := &corev1.Namespace{}
	object.Name = namespace
	return m.Kube.MergePatch(ctx, object, fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, fixture.RevisionLabel, value))
}

// relabel names the tag at the namespaces whose label names the revision that the tag names now. The others' pods get that revision
// by their label at their next restart.
func (m *Mover) relabel(ctx context.Context, to upgrade.Side) error {
	for _, name := range upgrade.Namespaces() {
		var namespace corev1.Namespace
		if err := m.Kube.Get(ctx, "", name, &namespace); err != nil {
			return err
		}
		if namespace.Labels[fixture.RevisionLabel] != Revision(m.Mode, m.Releases[to]) {
			continue
		}
		if err := m.label(ctx, name, to); err != nil {
			return err
		}
	}
	return nil
}

// restart rolls out all workloads of a namespace that have a proxy, at once, as kubectl rollout restart does.
func (m *Mover) restart(ctx context.Context, namespace string) error {
	var deployments appsv1.DeploymentList
	if err := m.Kube.List(ctx, namespace, "", &deployments); err != nil {
		return err
	}
	rolling, all := errgroup.WithContext(ctx)
	for i := range deployments.Items {
		deployment := &deployments.Items[i]
		if deployment.Spec.Template.Labels[fixture.InjectLabel] == "false" {
			continue
		}
		rolling.Go(func() error { return m.restartOne(all, deployment) })
	}
	return rolling.Wait()
}

// Drained waits until what the moves replaced has drained and ended. Other namespaces may move meanwhile.
func (m *Mover) Drained(ctx context.Context, moves []upgrade.Move) error {
	for _, move := range moves {
		if move.Act != upgrade.Namespace {
			continue
		}
		if err := mesh.Ended(ctx, m.Kube, move.Namespace, ""); err != nil {
			return fmt.Errorf("move %s: %w", move, err)
		}
	}
	return nil
}

func (m *Mover) restartOne(ctx context.Context, deployment *appsv1.Deployment) error {
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{%q:%q}}}}}`, restartAnnotation, time.Now().UTC().Format(time.RFC3339Nano))
	if err := m.Kube.MergePatch(ctx, deployment, patch); err != nil {
		return err
	}
	return mesh.RolledOut(ctx, m.Kube, deployment)
}
