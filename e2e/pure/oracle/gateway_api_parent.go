package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/fixture"
)

// gatewayNameLabel is on the pods that a Gateway of the Gateway API is for
// (https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#deployment-methods).
const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name"

// boundRoute is a route at one of its parents, for one host. Routes of one key are merged.
type boundRoute struct {
	key string
	*virtualService
}

// bind attaches a route to its parents: Services and ServiceEntries for the mesh, listeners of Gateways
// (istio/istio pilot/pkg/config/kube/gateway/conversion.go, extractParentReferenceInfo).
func (s Snapshot) bind(object Object[*APIRoute]) []boundRoute {
	var all []boundRoute
	for _, parent := range object.Spec.ParentRefs {
		parent.Namespace = cmp.Or(parent.Namespace, object.Namespace)
		switch group := parent.Group; {
		case parent.Kind == "Service" && group == "":
			all = append(all, s.bindToMesh(object, parent, s.serviceHosts(parent))...)
		case parent.Kind == "ServiceEntry" && group == "networking.istio.io":
			all = append(all, s.bindToMesh(object, parent, s.entryHosts(parent))...)
		case cmp.Or(parent.Kind, "Gateway") == "Gateway" && cmp.Or(group, fixture.GatewayAPI) == fixture.GatewayAPI:
			all = append(all, s.bindToGateway(object, parent)...)
		}
	}
	return all
}

func (s Snapshot) serviceHosts(parent apiReference) []string {
	host := s.Mesh.hostName(parent.Name, parent.Namespace)
	if _, found := s.registry(host); !found {
		return nil
	}
	return []string{host}
}

func (s Snapshot) entryHosts(parent apiReference) []string {
	for _, entry := range s.ServiceEntries {
		if entry.Name == parent.Name && entry.Namespace == parent.Namespace {
			return entry.Spec.GetHosts()
		}
	}
	return nil
}

// bindToMesh makes the VirtualServices of a parent that sidecars call; a port of the parent is a condition of each rule.
func (s Snapshot) bindToMesh(object Object[*APIRoute], parent apiReference, hosts []string) []boundRoute {
	rules, refused := s.apiRules(object, true)
	key := object.Namespace
	if parent.Port != nil {
		key = fmt.Sprintf("%s/%d", key, *parent.Port)
		for i := range rules {
			rules[i].HTTPRoute = onPort(rules[i].HTTPRoute, uint32(*parent.Port))
		}
	}
	var all []boundRoute
	for _, host := range hosts {
		made := s.apiVirtualService(object, host, meshGateway, rules, refused)
		made.rules = append(made.rules, RouteParent)
		all = append(all, boundRoute{key + "/" + host, made})
	}
	return all
}

// onPort is a rule of at most one match with the condition of a port.
func onPort(rule *networking.HTTPRoute, port uint32) *networking.HTTPRoute {
	match := &networking.HTTPMatchRequest{Port: port}
	if len(rule.GetMatch()) > 0 {
		own := rule.GetMatch()[0]
		match.Uri, match.Method, match.Headers, match.QueryParams = own.GetUri(), own.GetMethod(), own.GetHeaders(), own.GetQueryParams()
	}
	return &networking.HTTPRoute{
		Match: []*networking.HTTPMatchRequest{match}, Route: rule.GetRoute(), Mirrors: rule.GetMirrors(), Redirect: rule.GetRedirect(),
		DirectResponse: rule.GetDirectResponse(),
	}
}

func (s Snapshot) apiVirtualService(object Object[*APIRoute], host, gateway string, rules []httpRule, refused refusedRoute) *virtualService {
	made := &virtualService{
		Meta: object.Meta, hosts: []string{strings.ToLower(host)}, gateways: []string{gateway}, api: true, http: slices.Clone(rules),
		exportTo: s.routeExportTo(Object[*networking.VirtualService]{Meta: object.Meta}),
	}
	if refused != "" {
		made.notes = append(made.notes, fmt.Sprintf("istiod refuses %s: %s", object.Meta, refused))
	}
	if note := s.namesake(object.Meta); note != "" {
		made.notes = append(made.notes, note)
	}
	return made
}

// namesake notes that a route of the other kind bears a route's name; empty for none. istiod keeps what it makes of both under one
// name, and which of them it holds depends on what it saw first
// (istio/istio pilot/pkg/config/kube/gateway/route_collections.go, RouteWithKey; controller.go, HTTPAndGRPCBaseVS).
func (s Snapshot) namesake(route Meta) string {
	others := s.HTTPRoutes
	if route.Kind == "HTTPRoute" {
		others = s.GRPCRoutes
	}
	if !slices.ContainsFunc(others, func(other Object[*APIRoute]) bool {
		return other.Name == route.Name && other.Namespace == route.Namespace
	}) {
		return ""
	}
	return fmt.Sprintf("an HTTPRoute and a GRPCRoute bear the name %s/%s: istiod may follow only one of them", route.Namespace, route.Name)
}

// bindToGateway makes the VirtualServices of the listeners that take the route.
func (s Snapshot) bindToGateway(object Object[*APIRoute], parent apiReference) []boundRoute {
	var all []boundRoute
	for _, gateway := range s.APIGateways {
		if gateway.Name != parent.Name || gateway.Namespace != parent.Namespace {
			continue
		}
		rules, refused := s.apiRules(object, false)
		for _, listener := range gateway.Spec.Listeners {
			name := doorName(gateway.Meta, listener)
			for _, host := range s.takenHosts(gateway, listener, object, parent) {
				made := s.apiVirtualService(object, host, name, rules, refused)
				made.rules = append(made.rules, RouteListener)
				all = append(all, boundRoute{name + "/" + host, made})
			}
		}
	}
	return all
}

// doorName names a listener among the Gateways: NAMESPACE/NAME/LISTENER.
func doorName(gateway Meta, listener apiListener) string {
	return gateway.Namespace + "/" + gateway.Name + "/" + listener.Name
}

// takenHosts are the hosts of a route that a listener takes; none where it does not take the route
// (istio/istio pilot/pkg/config/kube/gateway/conversion.go, referenceAllowed and hostnameAllowedByIsolation).
func (s Snapshot) takenHosts(gateway Object[*APIGateway], listener apiListener, object Object[*APIRoute], parent apiReference) []string {
	allowed := slices.ContainsFunc(listener.kinds(), func(kind string) bool { return kind == object.Kind })
	named := parent.SectionName == "" || parent.SectionName == listener.Name
	if !allowed || !named || parent.Port != nil && *parent.Port != listener.Port || !s.admits(gateway, listener, object.Namespace) {
		return nil
	}
	hosts := object.Spec.Hostnames
	if len(hosts) == 0 {
		hosts = []string{everywhere}
	}
	if !slices.ContainsFunc(hosts, func(host string) bool { return matches(listener.host(), host) }) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(hosts), func(host string) bool { return isolated(gateway.Spec.Listeners, listener, host) })
}

// isolated reports whether a host of a route is not for a listener with a wildcard, or belongs to another listener of the same
// port and protocol, whose hostname is the narrower.
func isolated(all []apiListener, own apiListener, host string) bool {
	hostname := own.hostname()
	if hostname != "" && !strings.HasPrefix(hostname, "*") {
		return false
	}
	if hostname != "" && !matches(host, hostname) {
		return true
	}
	return slices.ContainsFunc(all, func(other apiListener) bool {
		rival := other.hostname()
		return other.Port == own.Port && other.Protocol == own.Protocol && rival != hostname && len(hostname) <= len(rival) && includes(rival, host)
	})
}

// hostname is the listener's own; empty for none.
func (l apiListener) hostname() string {
	if l.Hostname == nil {
		return ""
	}
	return *l.Hostname
}

// host is the listener's hostname, or the wildcard for any.
func (l apiListener) host() string { return cmp.Or(l.hostname(), everywhere) }

// kinds are the kinds of routes that a listener takes, of those that are read here.
func (l apiListener) kinds() []string {
	if l.Protocol != "HTTP" && l.Protocol != "HTTPS" {
		return nil
	}
	kinds := []string{"HTTPRoute", "GRPCRoute"}
	if len(l.AllowedRoutes.Kinds) == 0 {
		return kinds
	}
	return slices.DeleteFunc(kinds, func(kind string) bool {
		return !slices.ContainsFunc(l.AllowedRoutes.Kinds, func(own apiReference) bool {
			return own.Kind == kind && cmp.Or(own.Group, fixture.GatewayAPI) == fixture.GatewayAPI
		})
	})
}

// admits reports whether a listener takes routes of a namespace. Namespaces by label are not evaluated, and apiDoors says so.
func (s Snapshot) admits(gateway Object[*APIGateway], listener apiListener, namespace string) bool {
	switch listener.AllowedRoutes.Namespaces.From {
	case "", "Same":
		return namespace == gateway.Namespace
	case "All":
		return true
	}
	return false
}

// apiDoors are the listeners that a gateway opens for the Gateway API.
func (w *routeWork) apiDoors(gateway Workload) []door {
	var all []door
	for _, one := range sortedByAge(w.APIGateways, func(g Object[*APIGateway]) bool { return w.isFor(g, gateway) }) {
		for _, listener := range one.Spec.Listeners {
			if listener.Protocol != "HTTP" && listener.Protocol != "HTTPS" {
				w.unsure("listener %s of Gateway %s/%s is of protocol %s, whose routes are not evaluated", listener.Name, one.Namespace, one.Name, listener.Protocol)
				continue
			}
			if listener.AllowedRoutes.Namespaces.From == "Selector" {
				w.unsure("listener %s of Gateway %s/%s takes routes of namespaces by label, which is not evaluated", listener.Name, one.Namespace, one.Name)
			}
			server := &networking.Server{
				Port: &networking.Port{Number: uint32(listener.Port), Protocol: listener.Protocol}, Hosts: []string{listener.host()},
			}
			if listener.Protocol == "HTTPS" {
				server.Tls = &networking.ServerTLSSettings{Mode: networking.ServerTLSSettings_SIMPLE}
			}
			all = append(all, door{doorName(one.Meta, listener), server})
		}
	}
	return all
}

// isFor reports whether a Gateway is for a workload: by the label of pods that istiod manages for it, or by the address of a
// Service of theirs (istio/istio pilot/pkg/config/kube/gateway/conversion.go, extractGatewayServices).
func (w *routeWork) isFor(gateway Object[*APIGateway], pods Workload) bool {
	byHand := false
	for _, address := range gateway.Spec.Addresses {
		if address.Type != "Hostname" {
			continue
		}
		byHand = true
		for _, service := range w.servicesNamed(w.wholeHost(address.Value, gateway.Namespace)) {
			if slices.ContainsFunc(w.members(service), func(own Workload) bool { return own.String() == pods.String() }) {
				return true
			}
		}
	}
	return !byHand && pods.Namespace == gateway.Namespace && pods.Labels[gatewayNameLabel] == gateway.Name
}
