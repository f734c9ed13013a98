package hopconfig

import (
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// Behind is the attempt as a gateway passes it on to whom its server name means, where it means a service of the world
// (istio/istio pilot/pkg/model/service.go BuildDNSSrvSubsetKey).
func Behind(world fixture.World, a join.Attempt) (join.Attempt, bool) {
	gateway, _, _ := world.Port(a.To)
	if gateway.Kind != fixture.GatewayPod || a.Want.Probe == nil {
		return join.Attempt{}, false
	}
	parts := strings.SplitN(a.Want.Probe.SNI, "_.", 4)
	if len(parts) != 4 || parts[0] != "outbound" {
		return join.Attempt{}, false
	}
	for _, service := range world.Services {
		for _, port := range service.Ports {
			if service.Host() == parts[3] && strconv.Itoa(int(port.Number)) == parts[1] && len(service.Workloads) == 1 {
				return join.Attempt{Hop: hop.Hop{From: a.From, To: hop.ServicePort{Service: service.Name, Port: port.Number}}}, true
			}
		}
	}
	return join.Attempt{}, false
}

// WithBehind adds to attempts those that gateways pass on.
func WithBehind(world fixture.World, attempts []join.Attempt) []join.Attempt {
	all := attempts[:len(attempts):len(attempts)]
	for _, a := range attempts {
		if behind, found := Behind(world, a); found {
			all = append(all, behind)
		}
	}
	return all
}
