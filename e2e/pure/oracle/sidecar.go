package oracle

import (
	"fmt"

	networking "istio.io/api/networking/v1alpha3"
)

// sidecar is a Sidecar of a snapshot.
type sidecar = Object[*networking.Sidecar]

// sidecarOf finds the Sidecar that is in force for a workload's proxy; nil where none is, and for a gateway, which reads none
// (https://istio.io/latest/docs/reference/config/networking/sidecar/; istio/istio pilot/pkg/model/push_context.go,
// doGetSidecarScope).
func (s Snapshot) sidecarOf(w Workload, t usedRules) *sidecar {
	if !w.HasProxy || w.Gateway {
		return nil
	}
	general := func(own sidecar) bool { return own.Spec.GetWorkloadSelector() == nil }
	selecting := func(own sidecar) bool {
		return !general(own) && selects(own.Spec.GetWorkloadSelector().GetLabels(), w.Labels)
	}
	for _, place := range []struct {
		rule      Rule
		namespace string
		counts    func(sidecar) bool
	}{
		{SidecarSelector, w.Namespace, selecting},
		{SidecarNamespace, w.Namespace, general},
		{SidecarRoot, s.Mesh.RootNamespace, general},
	} {
		found := sortedByAge(s.sidecarsIn(place.namespace), place.counts)
		if len(found) == 0 {
			continue
		}
		t.use(place.rule)
		if len(found) > 1 {
			t.use(SidecarOldest)
		}
		return &found[0]
	}
	return nil
}

// outbound is what a client's proxy does with requests for what it does not know.
type outbound struct {
	registryOnly bool
	egressProxy  string // HOST:PORT to which it sends them; empty for where the client wanted to
	by           string // the Sidecar that says so, as KIND NAMESPACE/NAME; empty for the mesh's settings
}

// outboundOf reads the policy of a client's Sidecar or, where it has none, the mesh's. A policy without a mode is
// REGISTRY_ONLY, the first of the modes in Istio's API.
func (s Snapshot) outboundOf(client Workload, t usedRules) outbound {
	own := s.sidecarOf(client, t)
	if own == nil || own.Spec.GetOutboundTrafficPolicy() == nil {
		return outbound{registryOnly: s.Mesh.RegistryOnly}
	}
	t.use(SidecarOutbound)
	policy := own.Spec.GetOutboundTrafficPolicy()
	made := outbound{registryOnly: policy.GetMode() == networking.OutboundTrafficPolicy_REGISTRY_ONLY, by: own.String()}
	if to := policy.GetEgressProxy(); to != nil && !made.registryOnly {
		made.egressProxy = fmt.Sprintf("%s:%d", to.GetHost(), to.GetPort().GetNumber())
	}
	return made
}
