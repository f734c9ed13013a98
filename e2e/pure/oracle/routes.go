package oracle

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// RouteAnswer is where a client's requests for a service port lead by the objects.
type RouteAnswer struct {
	// Routes are the ways of a request, in istiod's order. At a sidecar they are all routes of the port. At a gateway they are
	// the routes that have the port among their destinations, with their other destinations and mirrors beside it; none where
	// no route of the gateway leads there. A route without To and Cluster is answered by the proxy itself, by a redirect or a
	// direct response.
	Routes []hop.Route
	Rules  []Rule // that were used, sorted
	// Unknown says what of the routes the snapshot does not tell, or the oracle does not evaluate; where it is not empty,
	// Routes may lack some.
	Unknown []string
	// Notes name what the objects ask for in vain: a VirtualService that an older one shadows, a route that no request
	// reaches, a destination that is no service, a subset that no DestinationRule defines.
	Notes []string
}

// Routes answers where a client's requests for a service port lead by the objects alone: VirtualServices, and routes of the
// Gateway API. The client and the port are named as in a Question.
func (s Snapshot) Routes(client string, to hop.ServicePort) RouteAnswer {
	w := &routeWork{Snapshot: s, used: usedRules{}}
	from, found := s.workload(client)
	if !found {
		w.unsure("client %s is no workload of the snapshot", client)
		return w.answer(nil)
	}
	server, err := s.find(to, w.used)
	if err != nil {
		w.unsure("%s", err)
		return w.answer(nil)
	}
	switch {
	case server.kind == Pods:
		w.unsure("%s is the pods' own addresses, for which no route is made", to.Service)
		return w.answer(nil)
	case from.Ambient:
		w.unsure("%s", ambient(from))
		return w.answer(nil)
	case from.Gateway:
		w.checkUnreadable(from, server)
		return w.answer(w.gatewayRoutes(from, server))
	case !from.HasProxy:
		w.used.use(ClientNoProxy)
		return w.answer([]hop.Route{itself(server)})
	}
	w.checkUnreadable(from, server)
	w.checkAlias(to)
	switch server.port.Protocol {
	case hop.TCP, hop.Greet:
		return w.answer(w.tcpRoutes(from, server))
	case hop.TLS:
		return w.answer(w.tlsRoutes(from, server))
	}
	return w.answer(w.httpRoutes(from, server))
}

// routeWork gathers what is said of routes beside them.
type routeWork struct {
	Snapshot
	used           usedRules
	unknown, notes []string
}

func (w *routeWork) unsure(format string, arguments ...any) {
	w.unknown = append(w.unknown, fmt.Sprintf(format, arguments...))
}

func (w *routeWork) note(format string, arguments ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, arguments...))
}

func (w *routeWork) answer(routes []hop.Route) RouteAnswer {
	return RouteAnswer{Routes: routes, Rules: w.used.sorted(), Unknown: distinct(w.unknown), Notes: distinct(w.notes)}
}

// distinct sorts texts and leaves each once.
func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// checkUnreadable says which kinds that decide a client's routes could not be read.
func (w *routeWork) checkUnreadable(client Workload, to target) {
	for _, one := range w.Unreadable {
		if known, found := decides[one.Kind]; !found || known.routes && known.hop(client, to, nil) {
			w.unsure("%s", one.Leaves())
		}
	}
}

// checkAlias says so where a VirtualService is for the own name of an ExternalName, which is not evaluated.
func (w *routeWork) checkAlias(to hop.ServicePort) {
	service, found := w.service(to.Service)
	if !found || service.Kind != ExternalName {
		return
	}
	for _, r := range w.virtualServices().byHost[w.hostName(service)] {
		w.unsure("%s is for the ExternalName %s itself, and routes of an ExternalName are not evaluated", r.Meta, service)
	}
}

// itself is the route of a service port that no object routes.
func itself(to target) hop.Route {
	return hop.Route{To: hop.ServicePort{Service: to.host, Port: to.port.Number}, Cluster: clusterName(to.host, to.port.Number, ""), Share: 1}
}

// clusterName is the name of an outbound cluster (istio/istio pilot/pkg/model/service.go, BuildSubsetKey).
func clusterName(host string, port uint16, subset string) string {
	return fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)
}

// httpRoutes are the routes of an HTTP port at a sidecar. Of several VirtualServices for a host the first in istiod's order
// counts alone, if one of its routes is for the sidecar and the port
// (istio/istio pilot/pkg/networking/core/httproute.go, BuildSidecarOutboundVirtualHosts).
func (w *routeWork) httpRoutes(client Workload, to target) []hop.Route {
	asks := asker{client, meshGateway}
	all := w.imported(client, to, w.virtualServices().forHost(strings.ToLower(to.host), client.Namespace))
	w.checkNames(to)
	var routes []hop.Route
	var first *virtualService
	for _, r := range w.mostSpecific(all, strings.ToLower(to.host)) {
		if r.api && r.Namespace != to.namespace && r.Namespace != client.Namespace {
			w.used.use(RouteConsumer)
			continue
		}
		w.notes = append(w.notes, r.notes...)
		ways := w.ways(asks, r, to.port.Number)
		switch {
		case len(ways) == 0:
		case first != nil:
			w.used.use(RouteFirst)
			w.note("%s has no effect on %s:%d for clients in namespace %s, for %s comes first", r.Meta, to.host, to.port.Number, client.Namespace, first.Meta)
		default:
			first, routes = r, together(ways)
			w.describe(r)
		}
	}
	if first == nil {
		w.used.use(RouteNone)
		routes = []hop.Route{itself(to)}
	}
	if to.port.Protocol == hop.Auto && slices.ContainsFunc(all, func(r *virtualService) bool { return len(r.tcp) > 0 }) {
		w.unsure("port %d of %s declares no protocol: what is not HTTP there follows the tcp routes of its VirtualServices", to.port.Number, to.host)
	}
	return routes
}

// imported keeps the VirtualServices that a client's Sidecar imports, by the listener that lists the service.
func (w *routeWork) imported(client Workload, to target, all []*virtualService) []*virtualService {
	seen := w.importing(client, to, usedRules{})
	if !seen.in {
		for _, r := range all {
			w.unsure("%s keeps %s from %s: whether %s leads requests there all the same is not evaluated", seen.by, to.host, client, r.Meta)
		}
		return all
	}
	if seen.listener == nil {
		return all
	}
	var kept []*virtualService
	for _, r := range all {
		if !importsVirtualService(seen.listener.GetHosts(), client.Namespace, r) {
			w.used.use(RouteImports)
			w.note("%s does not import %s, which has no effect on %s for %s", seen.by, r.Meta, to.host, client)
			continue
		}
		if seen.listener.GetPort() != nil {
			w.unsure("%s has a listener for port %d alone: whether it has the destinations of %s is not evaluated", seen.by, to.port.Number, r.Meta)
		}
		kept = append(kept, r)
	}
	return kept
}

// describe keeps how a VirtualService that counts was made.
func (w *routeWork) describe(r *virtualService) {
	w.used.use(r.rules...)
	if r.api {
		w.used.use(RouteAPI)
	}
	if !r.exportTo[everywhere] {
		w.used.use(RouteExportTo)
	}
}

// mostSpecific keeps the VirtualServices that may count for a service's host: those that have the host itself, else the
// first that has the longest wildcard. Routes of the Gateway API hold for no wildcard of services.
func (w *routeWork) mostSpecific(all []*virtualService, host string) []*virtualService {
	var exact []*virtualService
	var longest *virtualService
	for _, r := range all {
		switch {
		case r.has(host):
			exact = append(exact, r)
		case r.api:
		case longest == nil || len(r.wildcard(host)) > len(longest.wildcard(host)):
			longest = r
		}
	}
	if longest == nil {
		return exact
	}
	w.used.use(RouteMostSpecific)
	if len(exact) > 0 {
		return exact
	}
	return []*virtualService{longest}
}

// checkNames says so where a VirtualService has a shortened name of the host, such as NAME.NAMESPACE: it is no service to
// Istio, which on port 80 routes requests by that name (istio/istio pilot/pkg/networking/core/route/route.go,
// buildSidecarVirtualHostsForVirtualService).
func (w *routeWork) checkNames(to target) {
	name, ofService := strings.CutSuffix(to.host, ".svc."+w.Mesh.Domain)
	if !ofService {
		return
	}
	for _, short := range []string{name, name + ".svc"} {
		for _, r := range w.virtualServices().byHost[strings.ToLower(short)] {
			w.note("%s has host %s, which names no service: %s is its whole name", r.Meta, short, to.host)
			if to.port.Number == 80 {
				w.unsure("%s routes requests whose Host is %s, and these are not evaluated", r.Meta, short)
			}
		}
	}
}

// branch is what a rule does with the requests that meet one of its matches.
type branch struct {
	routes   []hop.Route
	takesAll bool // of the requests
}

// together are the routes of all branches.
func together(all []branch) []hop.Route {
	var routes []hop.Route
	for _, one := range all {
		routes = append(routes, one.routes...)
	}
	return routes
}

// ways are the branches of a VirtualService that are for the proxy and the port; none follows one that takes every request
// (istio/istio pilot/pkg/networking/core/route/route.go, BuildHTTPRoutesForVirtualService).
func (w *routeWork) ways(asks asker, r *virtualService, port uint16) []branch {
	var all []branch
	for i, rule := range r.http {
		matches := rule.GetMatch()
		if len(matches) == 0 {
			matches = []*networking.HTTPMatchRequest{nil}
		}
		for j, match := range matches {
			if !asks.fits(match, port, w.used) {
				continue
			}
			asked := conditions(match, r.api)
			all = append(all, branch{w.actions(asks, r, rule, port, asked), takesAll(asked)})
			if takesAll(asked) {
				if i < len(r.http)-1 || j < len(matches)-1 {
					w.used.use(RouteUnreachable)
					w.note("%s: no request reaches what follows its http[%d], which takes all of them", r.Meta, i)
				}
				return all
			}
		}
	}
	return all
}

// actions are the destinations and mirrors of a rule for one of its matches.
func (w *routeWork) actions(asks asker, r *virtualService, rule httpRule, port uint16, asked hop.RouteMatch) []hop.Route {
	common := hop.Route{Share: 1, Match: asked.String(), By: rule.by.String()}
	if rule.GetRedirect() != nil || rule.GetDirectResponse() != nil {
		w.used.use(RouteAnswered)
		return []hop.Route{common}
	}
	var all []hop.Route
	destinations := weighted(rule.GetRoute(), (*networking.HTTPRouteDestination).GetWeight)
	if len(destinations) == 0 {
		w.unsure("%s has a route without a destination that has a weight", rule.by)
	}
	for _, one := range destinations {
		if one.share < 1 {
			w.used.use(RouteWeight)
		}
		route := w.leadTo(asks, r, one.to.GetDestination(), port)
		route.Share, route.Match, route.By = one.share, common.Match, common.By
		all = append(all, route)
	}
	for _, mirror := range mirrorsOf(rule.HTTPRoute) {
		w.used.use(RouteMirror)
		route := w.leadTo(asks, r, mirror.to, port)
		route.Share, route.Match, route.By, route.Mirror = mirror.share, common.Match, common.By, true
		all = append(all, route)
	}
	return all
}

// share is a destination and its part of the requests.
type share[To any] struct {
	to    To
	share float64
}

// weighted gives each destination its share. One that is alone gets everything, whatever its weight
// (istio/istio pilot/pkg/networking/core/route/route.go, applyHTTPRouteDestination).
func weighted[To any](all []To, weight func(To) int32) []share[To] {
	if len(all) == 1 {
		return []share[To]{{all[0], 1}}
	}
	total := 0.0
	for _, one := range all {
		total += float64(weight(one))
	}
	var shares []share[To]
	for _, one := range all {
		if weight(one) > 0 {
			shares = append(shares, share[To]{one, float64(weight(one)) / total})
		}
	}
	return shares
}

// mirrorsOf lists a rule's mirrors with their shares; without a percentage all requests are copied, and with one of zero none
// (istio/istio pilot/pkg/networking/core/route/route.go, MirrorPercent and MirrorPercentByPolicy).
func mirrorsOf(rule *networking.HTTPRoute) []share[*networking.Destination] {
	var all []share[*networking.Destination]
	if rule.GetMirror() != nil {
		percent := 100.0
		switch {
		case rule.GetMirrorPercentage() != nil:
			percent = rule.GetMirrorPercentage().GetValue()
		case rule.GetMirrorPercent() != nil: //nolint:staticcheck // deprecated, and still in force
			percent = float64(rule.GetMirrorPercent().GetValue()) //nolint:staticcheck // deprecated, and still in force
		}
		all = append(all, share[*networking.Destination]{rule.GetMirror(), percent / 100})
	}
	for _, mirror := range rule.GetMirrors() {
		percent := 100.0
		if mirror.GetPercentage() != nil {
			percent = mirror.GetPercentage().GetValue()
		}
		if mirror.GetDestination() != nil {
			all = append(all, share[*networking.Destination]{mirror.GetDestination(), percent / 100})
		}
	}
	for i := range all {
		all[i].share = min(all[i].share, 1)
	}
	return slices.DeleteFunc(all, func(one share[*networking.Destination]) bool { return !(one.share > 0) })
}
