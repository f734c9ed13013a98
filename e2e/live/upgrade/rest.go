package upgrade

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
)

// AtRest waits until no workload of the world rolls out, nor the ingress gateway, and what was replaced has drained and ended.
func AtRest(ctx context.Context, k *kube.Client, place fixture.Placement) error {
	for namespace, selector := range resting(place) {
		var deployments appsv1.DeploymentList
		if err := k.List(ctx, namespace, "", &deployments); err != nil {
			return err
		}
		for i := range deployments.Items {
			deployment := &deployments.Items[i]
			if selector != "" && !place.OfGateway(namespace, deployment.Spec.Template.Labels) {
				continue
			}
			if err := mesh.RolledOut(ctx, k, deployment); err != nil {
				return err
			}
		}
		if err := mesh.Ended(ctx, k, namespace, selector); err != nil {
			return err
		}
	}
	return nil
}

// resting are the namespaces with what must rest in each: everything in the world's own, which no selector stands for, and the gateway.
func resting(place fixture.Placement) map[string]string {
	all := map[string]string{place.Gateway.Namespace: place.Gateway.Selector}
	for _, namespace := range place.Injected() {
		all[namespace] = ""
	}
	return all
}
