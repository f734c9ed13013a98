package hopconfig

import (
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// Wanted is what decides the attempts in the configuration of each proxy.
func (r *Reader) Wanted(attempts []join.Attempt) map[mesh.Proxy]envoy.Wanted {
	all := map[mesh.Proxy]envoy.Wanted{}
	for _, a := range WithBehind(r.World, attempts) {
		service, _, _ := r.World.Port(a.Reached())
		servers, _ := r.Places.Server(service.Name, a.Want.Subset)
		for _, server := range servers {
			if !server.Proxied {
				continue
			}
			wanted := all[server.Proxy]
			if service.Relays() {
				wanted.Listeners, wanted.Onward = true, true
			} else {
				wanted.Inbound = true
			}
			all[server.Proxy] = wanted
		}
		for _, client := range r.Places.Clients[a.From] {
			if !client.Proxied {
				continue
			}
			wanted := all[client.Proxy]
			wanted.Clusters = with(wanted.Clusters, Cluster(a, service))
			wanted.Ports = with(wanted.Ports, a.To.Port)
			wanted.Routes = true
			wanted.Listeners = wanted.Listeners || a.Kind(r.World) == hop.Gateway
			all[client.Proxy] = wanted
		}
	}
	return all
}

// with adds an element to a set.
func with[T comparable](set []T, one T) []T {
	if slices.Contains(set, one) {
		return set
	}
	return append(set, one)
}
