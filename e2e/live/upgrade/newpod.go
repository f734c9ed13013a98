package upgrade

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
)

// newPodLabel keeps the new pod of a workload apart from the workload's own: no Service and no Deployment selects it.
const newPodLabel = "new-pod"

// newPodInterval is how often a new pod is asked whether it is ready.
const newPodInterval = 250 * time.Millisecond

// patterns are the workloads of which a new pod is tried: one of the first namespaces to move, and one of the last.
var patterns = []struct{ namespace, name string }{{"clients-first", "buyer-first"}, {"servers-last", "inventory-last"}}

// TryNewPods makes a new pod of a workload that moves first and of one that moves last, waits until each is ready, with a proxy, and
// deletes it. While an upgrade is half way the injector may refuse all pods.
func TryNewPods(ctx context.Context, k *kube.Client, place fixture.Placement) error {
	trying, ctx := errgroup.WithContext(ctx)
	for _, of := range patterns {
		trying.Go(func() error {
			namespace := place.In(of.namespace)
			if err := tryNewPod(ctx, k, namespace, of.name); err != nil {
				return fmt.Errorf("a new pod of %s/%s: %w", namespace, of.name, err)
			}
			return nil
		})
	}
	return trying.Wait()
}

func tryNewPod(ctx context.Context, k *kube.Client, namespace, name string) (err error) {
	var pattern appsv1.Deployment
	if err := k.Get(ctx, namespace, name, &pattern); err != nil {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: *pattern.Spec.Template.ObjectMeta.DeepCopy(), Spec: *pattern.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = namespace, newPodLabel+"-"+name
	pod.Labels = map[string]string{"app": newPodLabel, mesh.PartOf: mesh.Suite}
	if err := k.Create(ctx, pod); err != nil {
		return err
	}
	defer func() {
		cleanup := context.WithoutCancel(ctx)
		// Nothing is sent to it, so that it has nothing to drain.
		err = errors.Join(err, k.Delete(cleanup, pod, client.GracePeriodSeconds(1)), mesh.Ended(cleanup, k, namespace, ""))
	}()
	var made corev1.Pod
	err = wait.For(func(ctx context.Context) (bool, error) {
		return k.Get(ctx, namespace, pod.Name, &made) == nil && mesh.IsReady(made), nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.RollOut.Duration()), wait.WithInterval(newPodInterval), wait.WithImmediate())
	switch {
	case err != nil:
		return fmt.Errorf("it did not become ready: %w (kubectl describe pod -n %s %s tells why)", err, namespace, pod.Name)
	case !mesh.HasProxy(made):
		return errors.New("it has no proxy")
	}
	return nil
}
