package oracle

import (
	"cmp"
	"fmt"
)

// networkLabel names the network of a workload, or on istiod's namespace that of all others
// (https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork).
const networkLabel = "topology.istio.io/network"

// network is a workload's own, or istiod's default; empty where neither is set.
func (s Snapshot) network(w Workload) string {
	return cmp.Or(w.Labels[networkLabel], s.Networks[s.Mesh.RootNamespace])
}

// elsewhere says why nothing is told of an endpoint of another network than its client's: a gateway between the networks may
// stand before it. It is empty where the networks are one, or either is not set
// (istio/istio pilot/pkg/model/context.go, InNetwork).
func (s Snapshot) elsewhere(client Workload, e endpoint) string {
	own, other := s.network(client), e.network
	if other == "" && e.workload != nil {
		other = s.network(*e.workload)
	}
	if !client.HasProxy || own == "" || other == "" || own == other {
		return ""
	}
	return fmt.Sprintf("%s is of network %s, and %s of network %s: the gateway between them is not judged", cmp.Or(e.name(), e.source), other, client, own)
}
