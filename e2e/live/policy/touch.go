package policy

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// touchedLabel is the label of Services that were touched; its value is the run's id.
const touchedLabel = "mtls.test/touched"

// Touch changes a label of each Service of a namespace, so that istiod makes the clusters of it anew.
func (p *Policies) Touch(ctx context.Context, namespace string) error {
	r, err := p.kube.Resources()
	if err != nil {
		return err
	}
	var services corev1.ServiceList
	if err := r.WithNamespace(namespace).List(ctx, &services); err != nil {
		return fmt.Errorf("list services in %s: %w", namespace, err)
	}
	for i := range services.Items {
		service := &services.Items[i]
		if service.Labels == nil {
			service.Labels = map[string]string{}
		}
		service.Labels[touchedLabel] = p.runID
		if err := r.Update(ctx, service); err != nil {
			return fmt.Errorf("service %s/%s: %w", namespace, service.Name, err)
		}
	}
	return nil
}
