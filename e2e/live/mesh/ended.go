package mesh

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
)

// Ended waits until no pod of a namespace that the selector selects is being deleted; an empty one selects all. What a roll-out replaced has
// drained then.
func Ended(ctx context.Context, k *kube.Client, namespace, selector string) error {
	var ending []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		if err := k.List(ctx, namespace, selector, &pods); err != nil {
			return false, err
		}
		ending = nil
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp != nil {
				ending = append(ending, pod.Name)
			}
		}
		return len(ending) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.PodsEnd.Duration()), wait.WithInterval(rolloutInterval), wait.WithImmediate())
	if err != nil && len(ending) > 0 {
		return fmt.Errorf("namespace %s: pods %s have not ended after %s: %w", namespace, strings.Join(ending, ", "), timeout.PodsEnd, err)
	}
	return err
}
