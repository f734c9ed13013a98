package oracle

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// unknownService is the cluster to which istiod sends requests for a backend of the Gateway API that a route may not name. No
// proxy has it (istio/istio pilot/pkg/networking/core/route/route.go, GetDestinationCluster).
const unknownService = "UnknownService"

// registered is a host of the mesh with its ports.
type registered struct {
	namespace string
	ports     []Port
	target    string // of an ExternalName
}

// registry finds a Service or a ServiceEntry by its whole host.
func (s Snapshot) registry(host string) (registered, bool) {
	for _, service := range s.servicesNamed(host) {
		if s.hostName(service) == host && service.Kind != Pods {
			return registered{service.Namespace, service.Ports, service.Target}, true
		}
	}
	for _, entry := range s.ServiceEntries {
		if !slices.Contains(entry.Spec.GetHosts(), host) {
			continue
		}
		found := registered{namespace: entry.Namespace}
		for _, port := range entry.Spec.GetPorts() {
			found.ports = append(found.ports, Port{Name: port.GetName(), Number: uint16(port.GetNumber()), Protocol: declaredProtocol(port.GetProtocol())})
		}
		return found, true
	}
	return registered{}, false
}

func (r registered) has(port uint16) bool {
	return slices.ContainsFunc(r.ports, func(p Port) bool { return p.Number == port })
}

// leadTo is the cluster of a destination (istio/istio pilot/pkg/networking/core/route/route.go, GetDestinationCluster). Where
// the destination names no port, a sidecar takes the port that was asked for: it looks services up among those that have it.
// A gateway, and a route of TCP or TLS, take the port of a service that has but one.
func (w *routeWork) leadTo(asks asker, r *virtualService, destination *networking.Destination, asked uint16) hop.Route {
	return w.lead(asks, r, destination, asked, asks.gateway == meshGateway)
}

// lead is leadTo; ofPort means that only services with the port that was asked for are looked up.
func (w *routeWork) lead(asks asker, r *virtualService, destination *networking.Destination, asked uint16, ofPort bool) hop.Route {
	if destination.GetHost() == "" {
		return hop.Route{Cluster: unknownService}
	}
	host := w.wholeHost(destination.GetHost(), r.Namespace)
	if host != destination.GetHost() {
		w.used.use(RouteDestinationShortName)
	}
	service, found := w.registry(host)
	known := found && (!ofPort || service.has(asked))
	if known && service.target != "" {
		w.used.use(ServiceAlias)
		host = service.target
		service, found = w.registry(host)
	}
	port := uint16(destination.GetPort().GetNumber())
	if port == 0 {
		port = asked
		switch {
		case ofPort:
			w.used.use(RouteSamePort)
		case known && len(service.ports) == 1:
			w.used.use(RouteOnlyPort)
			port = service.ports[0].Number
		}
	}
	to := hop.ServicePort{Service: host, Port: port}
	switch {
	case !found:
		w.used.use(RouteNoService)
		w.note("%s: destination %s is no service of the mesh", r.Meta, host)
	case !service.has(port):
		w.used.use(RouteNoService)
		w.note("%s: destination %s has no port %d", r.Meta, host, port)
	}
	if subset := destination.GetSubset(); subset != "" {
		w.used.use(RouteSubset)
		if w.destinationFor(asks.Workload, host, service.namespace, usedRules{}).subset(subset) == nil {
			w.used.use(RuleNoSubset)
			w.note("%s: no DestinationRule that %s sees defines subset %s of %s", r.Meta, asks.Workload, subset, host)
		}
	}
	return hop.Route{To: to, Subset: destination.GetSubset(), Cluster: clusterName(host, port, destination.GetSubset())}
}
