package mesh

import (
	"context"
	"net/netip"
)

// PodNames are the pods of the cluster by their addresses, as NAMESPACE/POD; where they may not be listed, those of places alone.
// Pods in the network of a node have no address of their own.
func (m *Mesh) PodNames(ctx context.Context, places Places) map[netip.Addr]string {
	names := map[netip.Addr]string{}
	for _, place := range places.All() {
		names[place.Address] = place.String()
	}
	pods, err := m.kube.Pods(ctx, "", "")
	if err != nil {
		return names
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
