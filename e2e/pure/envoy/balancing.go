package envoy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Endpoint is an endpoint of a cluster, with what the proxy's load balancing goes by.
type Endpoint struct {
	Address  netip.AddrPort   `json:"address,omitzero"`
	Also     []netip.AddrPort `json:"also,omitempty"`     // further addresses of the same endpoint, which may be connected to in its place
	Name     string           `json:"name,omitempty"`     // of an endpoint that is a host name: name and port; Address is what it resolved to
	Internal string           `json:"internal,omitempty"` // of an endpoint inside the proxy, LISTENER/ID, such as connect_originate/10.0.0.7:8080 for HBONE
	Health   string           `json:"health"`             // Envoy's HealthStatus: HEALTHY, UNHEALTHY, DRAINING …; UNKNOWN counts as healthy
	Weight   uint32           `json:"weight"`             // beside the other endpoints of its locality
	Priority uint32           `json:"priority,omitempty"` // zero is the highest
	Locality string           `json:"locality,omitempty"` // REGION/ZONE/SUBZONE
	TLSMode  string           `json:"tlsMode,omitempty"`  // istio where Istio knows that the endpoint takes its mTLS
	Workload string           `json:"workload,omitempty"` // as Istio states it: NAME;NAMESPACE;SERVICE;REVISION;CLUSTER

	// ByHash tells that a hash of the request picks the endpoint, so that requests may stay on one for ever.
	ByHash bool `json:"byHash,omitempty"`
	// Unpicked says why load balancing sends nothing here while the cluster's endpoints are as the configuration says.
	Unpicked string `json:"unpicked,omitempty"`
}

// balancing is how a cluster chooses among its endpoints.
type balancing struct {
	byHash           bool
	weighsLocalities bool
	panicBelow       float64 // per cent of healthy endpoints of a priority, below which all are used
}

// balancingOptions is the part of CommonLbConfig that leaves endpoints out. Source:
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
type balancingOptions struct {
	Panic *struct {
		Value float64 `json:"value"`
	} `json:"healthy_panic_threshold"`
	WeighsLocalities json.RawMessage `json:"locality_weighted_lb_config"`
}

// balancingPolicy is a LoadBalancingPolicy, which takes the place of lb_policy where it is set.
type balancingPolicy struct {
	Policies []struct {
		Extension struct {
			Name string `json:"name"`
		} `json:"typed_extension_config"`
	} `json:"policies"`
}

// defaultPanic is Envoy's healthy_panic_threshold, in per cent, where a cluster does not set it.
const defaultPanic = 50

func balancingOf(policy string, typed balancingPolicy, options balancingOptions) balancing {
	b := balancing{
		byHash:           policy == "RING_HASH" || policy == "MAGLEV",
		weighsLocalities: options.WeighsLocalities != nil,
		panicBelow:       defaultPanic,
	}
	if options.Panic != nil {
		b.panicBelow = options.Panic.Value
	}
	for _, one := range typed.Policies {
		b.byHash = b.byHash || strings.HasSuffix(one.Extension.Name, ".ring_hash") || strings.HasSuffix(one.Extension.Name, ".maglev")
	}
	return b
}

// ClusterEndpoints returns the endpoints of a cluster in the proxy's order, none for a cluster that has no list of its own
// such as PassthroughCluster: what a dump shows of that is where earlier requests went. It is false where the dump does not hold
// the cluster.
func (d *Dump) ClusterEndpoints(cluster string) ([]Endpoint, bool) {
	c, found := d.clusters[cluster]
	if !found || c.kind == originalDst {
		return nil, found
	}
	own := d.endpointsOf(c)
	shares := healthyShares(own)
	var all []Endpoint
	for _, one := range own {
		all = append(all, Endpoint{
			Address: one.address, Also: one.also, Name: one.name, Internal: one.load.internal,
			Health: one.load.health, Weight: one.load.weight, Priority: one.load.priority, Locality: one.load.locality,
			TLSMode: one.labels.GetFields()["tlsMode"].GetStringValue(), Workload: one.load.workload,
			ByHash: c.balancing.byHash, Unpicked: c.balancing.unpicked(one, shares),
		})
	}
	return all, true
}

// unpicked says why load balancing sends nothing to an endpoint, by the healthy shares of the priorities. Source:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancing
func (b balancing) unpicked(one endpoint, shares map[uint32]float64) string {
	switch {
	case one.load.weight == 0:
		return "its weight is 0"
	case b.weighsLocalities && one.load.localityWeight == 0:
		return fmt.Sprintf("its locality %s has no weight", one.load.locality)
	case !one.takesLoad() && shares[one.load.priority]*100 >= b.panicBelow:
		return "its health is " + one.load.health
	case loadAbove(shares, one.load.priority) >= 1:
		return fmt.Sprintf("its priority is %d, and the endpoints of a higher one take everything", one.load.priority)
	}
	return ""
}

// takesLoad reports whether an endpoint's health lets load balancing pick it. Source: HealthStatus in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/health_check.proto
func (e endpoint) takesLoad() bool {
	return !slices.Contains([]string{"UNHEALTHY", "DRAINING", "TIMEOUT"}, e.load.health)
}

// healthyShares is the share of healthy endpoints of each priority.
func healthyShares(all []endpoint) map[uint32]float64 {
	total, shares := map[uint32]float64{}, map[uint32]float64{}
	for _, one := range all {
		total[one.load.priority]++
		if one.takesLoad() {
			shares[one.load.priority]++
		}
	}
	for priority, count := range total {
		shares[priority] /= count
	}
	return shares
}

// overprovisioning is Envoy's factor, which Istio sends too: a priority takes everything while 1 of 1.4 endpoints is healthy.
// Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority
const overprovisioning = 1.4

// loadAbove is the share of the load that the priorities above one take together; 1 or more is everything.
func loadAbove(shares map[uint32]float64, priority uint32) float64 {
	taken := 0.0
	for above, share := range shares {
		if above < priority {
			taken += overprovisioning * share
		}
	}
	return taken
}
