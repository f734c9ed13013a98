package hopconfig

import (
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/join"
)

// unpicked says why the load balancing of a pair's client may never pick the pair's server; empty where it may, and where no proxy
// balances.
func (r *Reader) unpicked(a join.Attempt, pair Pair, dumps dumps) string {
	if pair.Config.Client == nil {
		return ""
	}
	service, port, _ := r.World.Port(a.Reached())
	dump, err := dumps.of(pair.Client.Proxy)
	if err != nil {
		return ""
	}
	endpoints, _ := dump.ClusterEndpoints(Cluster(a, service))
	return unpickedOf(endpoints, netip.AddrPortFrom(pair.Server.Address, port.Workload))
}

// unpickedOf says why load balancing may never pick an address among the endpoints of a cluster; empty where it may.
func unpickedOf(endpoints []envoy.Endpoint, address netip.AddrPort) (why string) {
	for _, one := range endpoints {
		switch {
		case one.Address != address && !slices.Contains(one.Also, address):
		case one.Unpicked != "":
			why = one.Unpicked
		case one.ByHash && len(endpoints) > 1:
			why = "a hash of the request picks the endpoint"
		default:
			return ""
		}
	}
	return why
}
