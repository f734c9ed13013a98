package mesh

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mtls.test/conformance/e2e/pure/fixture"
)

// Addresses are the cluster IPs of the world's services, by their names; none of one that has no address of its own. An
// ExternalName is called by its target's.
func (m *Mesh) Addresses(ctx context.Context, world fixture.World) (map[string]netip.Addr, error) {
	all := map[string]netip.Addr{}
	byHost := map[string]netip.Addr{}
	for _, service := range world.Services {
		if service.Kind != fixture.ClusterIP {
			continue
		}
		var found corev1.Service
		err := m.kube.Get(ctx, service.Namespace, service.Name, &found)
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("service %s/%s: %w", service.Namespace, service.Name, err)
		}
		if address, err := netip.ParseAddr(found.Spec.ClusterIP); err == nil {
			all[service.Name], byHost[service.Host()] = address, address
		}
	}
	for _, service := range world.Services {
		if address, known := byHost[service.Target]; known && service.Kind == fixture.ExternalName {
			all[service.Name] = address
		}
	}
	return all, nil
}
