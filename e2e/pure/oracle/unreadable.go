package oracle

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
)

// Unreadable is a kind of objects that the snapshot lacks, for it could not be listed. It is not taken for "there is none".
type Unreadable struct {
	Kind string // as in the objects themselves: PeerAuthentication
	Why  string
}

// Leaves says what is not told without the kind.
func (u Unreadable) Leaves() string {
	leaves := "no hop is told"
	if known, found := decides[u.Kind]; found {
		leaves = known.leaves
	}
	return fmt.Sprintf("%s cannot be read, so %s: %s", u.Kind, leaves, u.Why)
}

// decides says of each kind which hops depend on it. A hop may depend on any kind that is not here.
var decides = map[string]struct {
	hop    func(client Workload, to target, server *Workload) bool // server is nil where it has no proxy that is known
	routes bool                                                    // where the client's requests lead depends on it too
	leaves string
}{
	"PeerAuthentication": {func(client Workload, _ target, server *Workload) bool { return client.HasProxy || sidecarAt(server) }, false, "no hop with a proxy is told"},
	"DestinationRule":    {fromProxy, false, "no hop from a proxy is told"},
	"VirtualService":     {fromProxy, true, "no hop from a proxy is told"},
	"HTTPRoute":          {fromProxy, true, "no hop from a proxy is told"},
	"GRPCRoute":          {fromProxy, true, "no hop from a proxy is told"},
	"ReferenceGrant":     {fromProxy, true, "no hop from a proxy is told"},
	"BackendTLSPolicy":   {fromProxy, false, "no hop from a proxy is told"},
	"Sidecar":            {func(client Workload, _ target, server *Workload) bool { return sidecarAt(&client) || sidecarAt(server) }, true, "no hop of a sidecar is told"},
	"Gateway":            {ofGateway, true, "no hop of a gateway is told"},
	apiGatewayKind:       {func(client Workload, _ target, _ *Workload) bool { return client.Gateway }, true, "no hop from a gateway is told"},
	"ServiceEntry":       {func(_ Workload, to target, _ *Workload) bool { return to.kind == Pods }, false, "hosts of ServiceEntries are left out, and no hop to a pod's own address is told"},
	"WorkloadEntry":      {func(_ Workload, to target, _ *Workload) bool { return to.entry }, false, "no hop to a ServiceEntry is told, and endpoints that a Service's selector finds among WorkloadEntries are left out"},
	"EndpointSlice":      {func(_ Workload, to target, _ *Workload) bool { return to.unlisted }, false, "the endpoints of Services are those of their selectors, and no hop to one without a selector is told"},
	"Namespace": {func(client Workload, _ target, server *Workload) bool {
		return !client.HasProxy || server == nil || !server.HasProxy
	}, false, "no hop with an end without a proxy is told, for it may be ambient"},
	"AuthorizationPolicy": {func(Workload, target, *Workload) bool { return false }, false, "nothing is said of policies that need an identity"},
}

func fromProxy(client Workload, _ target, _ *Workload) bool { return client.HasProxy }

func ofGateway(client Workload, _ target, server *Workload) bool {
	return client.Gateway || server != nil && server.Gateway
}

func sidecarAt(w *Workload) bool { return w != nil && w.HasProxy && !w.Gateway }

// Untold says of the answers to the hops of a client to a service port why one is not to be trusted: a kind that decides it could
// not be read, or a waypoint stands before the service. It says nothing of those that are. ambient is true of a hop with an ambient
// end or a waypoint, told or not.
func (s Snapshot) Untold(client Workload, to hop.ServicePort) func(EndpointAnswer) (why string, ambient bool) {
	if settled, known := s.workload(client.String()); known {
		client = settled
	}
	made, err := s.find(to, usedRules{})
	if err != nil {
		return func(EndpointAnswer) (string, bool) { return "", client.Ambient }
	}
	waypoint := s.waypoint(made)
	return func(answer EndpointAnswer) (string, bool) {
		if waypoint != "" {
			return fmt.Sprintf("ambient: waypoint %s stands before %s, which is not judged", waypoint, made.host), true
		}
		var server *Workload
		if found, known := s.workload(answer.Endpoint); known && answer.Endpoint != "" {
			server = &found
		}
		return s.missing(client, made, server), client.Ambient || server != nil && server.Ambient
	}
}

// missing is what cannot be told for want of a kind; empty where nothing that decides the hop is missing.
func (s Snapshot) missing(client Workload, to target, server *Workload) string {
	for _, one := range s.Unreadable {
		known, found := decides[one.Kind]
		if !found || known.hop(client, to, server) {
			return one.Leaves()
		}
	}
	return ""
}

// waypoint is the one that a service uses, by its own label or its namespace's; empty for none
// (https://istio.io/latest/docs/ambient/usage/waypoint/#useawaypoint).
func (s Snapshot) waypoint(to target) string {
	service, found := s.service(to.host)
	if !found || to.entry {
		return ""
	}
	name := service.Waypoint
	if name == "" {
		name = s.Waypoints[service.Namespace]
	}
	if name == noWaypoint {
		return ""
	}
	return name
}
