package hopconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
)

// foreign tells of endpoints that a client's proxy has for a service of the world, and that are none of the service's pods.
func (r *Reader) foreign(a join.Attempt, cluster string, dump *envoy.Dump) []string {
	service, port, _ := r.World.Port(a.Reached())
	if service.Kind != fixture.ClusterIP || service.Relays() {
		return nil
	}
	known := map[netip.AddrPort]bool{}
	for name, pods := range r.Places.Services {
		if base, _, _ := strings.Cut(name, "/"); base != service.Name {
			continue
		}
		for _, place := range pods {
			known[netip.AddrPortFrom(place.Address, port.Workload)] = true
		}
	}
	endpoints, _ := dump.ClusterEndpoints(cluster)
	var told []string
	for _, one := range endpoints {
		if one.Address.IsValid() && !known[one.Address] {
			told = append(told, fmt.Sprintf("the client's proxy has endpoint %s, which is no pod of %s", one.Address, service.Name))
		}
	}
	slices.Sort(told)
	return told
}
