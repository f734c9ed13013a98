package mesh

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/kube"
)

const (
	agentPlaceholder = "agent" // the image that fixtures/base names
	rolloutLimit     = 3 * time.Minute
	rolloutInterval  = 200 * time.Millisecond
)

// PartOf is the label that every object of the suite carries.
const PartOf = "app.kubernetes.io/part-of"

// Suite is the value of PartOf.
const Suite = "mtls-conformance"

// ApplyWorld applies fixtures/base with the agent's image, and waits until every deployment of it has rolled out.
func ApplyWorld(ctx context.Context, k *kube.Client, fixtures fs.FS, agent AgentImage, say func(line string)) error {
	objects, err := decoder.DecodeAllFiles(ctx, fixtures, "base/*.yaml",
		decoder.MutateLabels(map[string]string{PartOf: Suite}), decoder.MutateOption(withImage(agent.Reference)))
	if err != nil {
		return fmt.Errorf("fixtures/base: %w", err)
	}
	slices.SortStableFunc(objects, func(a, b k8s.Object) int { return order(a) - order(b) })
	if err := k.Apply(ctx, objects...); err != nil {
		return err
	}
	for _, object := range objects {
		deployment, ok := object.(*appsv1.Deployment)
		if !ok {
			continue
		}
		if err := rolledOut(ctx, k, deployment.Namespace, deployment.Name); err != nil {
			return err
		}
		say(deployment.Name + " is ready")
	}
	return nil
}

// order puts namespaces before what lives in them, and what configures proxies before the pods that they stand in.
func order(object k8s.Object) int {
	switch object.(type) {
	case *corev1.Namespace:
		return 0
	case *appsv1.Deployment:
		return 2
	}
	return 1
}

func withImage(reference string) decoder.MutateFunc {
	return func(object k8s.Object) error {
		if deployment, ok := object.(*appsv1.Deployment); ok {
			for i := range deployment.Spec.Template.Spec.Containers {
				if container := &deployment.Spec.Template.Spec.Containers[i]; container.Image == agentPlaceholder {
					container.Image = reference
				}
			}
		}
		return nil
	}
}

func rolledOut(ctx context.Context, k *kube.Client, namespace, name string) error {
	r, err := k.Resources()
	if err != nil {
		return err
	}
	var now appsv1.Deployment
	err = wait.For(func(ctx context.Context) (bool, error) {
		if err := r.Get(ctx, name, namespace, &now); err != nil {
			return false, err
		}
		s := now.Status
		return s.ObservedGeneration >= now.Generation && s.UpdatedReplicas == *now.Spec.Replicas && s.AvailableReplicas == s.UpdatedReplicas && s.Replicas == s.UpdatedReplicas, nil
	}, wait.WithContext(ctx), wait.WithTimeout(rolloutLimit), wait.WithInterval(rolloutInterval), wait.WithImmediate())
	if err != nil {
		return fmt.Errorf("deployment %s/%s did not become ready: %w (kubectl describe deployment,pod -n %s tells why)", namespace, name, err, namespace)
	}
	return nil
}
