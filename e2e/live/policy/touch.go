package policy

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// touchedLabel is the label of Services that were touched; its value is the run's id.
const touchedLabel = "mtls.test/touched"

// Touch changes a label of each Service of a namespace, so that istiod makes the clusters of it anew.
func (p *Policies) Touch(ctx context.Context, namespace string) error {
	var services corev1.ServiceList
	if err := p.kube.List(ctx, namespace, "", &services); err != nil {
		return err
	}
	for i := range services.Items {
		service := &services.Items[i]
		if service.Labels == nil {
			service.Labels = map[string]string{}
		}
		service.Labels[touchedLabel] = p.runID
		if err := p.kube.Update(ctx, service); err != nil {
			return err
		}
	}
	return nil
}
