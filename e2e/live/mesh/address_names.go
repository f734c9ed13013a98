package mesh

import (
	"context"
	"errors"
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/verdict"
)

// AddressNames are the pods and Services of the cluster by their addresses; where they may not be listed, the pods of places alone.
// Pods in the network of a node have no address of their own.
func (m *Mesh) AddressNames(ctx context.Context, places Places) map[netip.Addr]string {
	names := map[netip.Addr]string{}
	for _, place := range places.All() {
		names[place.Address] = place.String()
	}
	pods, podsErr := m.kube.Pods(ctx, "", "")
	var services corev1.ServiceList
	if err := errors.Join(podsErr, m.kube.List(ctx, "", "", &services)); err != nil {
		return names
	}
	for _, service := range services.Items {
		for _, ip := range service.Spec.ClusterIPs {
			if address, err := netip.ParseAddr(ip); err == nil {
				names[address] = verdict.OfService + service.Namespace + "/" + service.Name
			}
		}
	}
	for _, pod := range pods {
		for _, ip := range pod.Status.PodIPs {
			if address, err := netip.ParseAddr(ip.IP); err == nil && !pod.Spec.HostNetwork {
				names[address] = pod.Namespace + "/" + pod.Name
			}
		}
	}
	return names
}
