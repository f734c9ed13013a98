package oracle

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// door is a server of a Gateway that a gateway workload opens.
type door struct {
	gateway string // NAMESPACE/NAME
	server  *networking.Server
}

// doors are what a gateway opens by the Gateways of Istio that select it, and by those of the Gateway API that it is for.
func (w *routeWork) doors(gateway Workload) []door {
	var all []door
	for _, one := range sortedByAge(w.Gateways, func(g Object[*networking.Gateway]) bool { return selects(g.Spec.GetSelector(), gateway.Labels) }) {
		for _, server := range one.Spec.GetServers() {
			all = append(all, door{one.Namespace + "/" + one.Name, server})
		}
	}
	return append(all, w.apiDoors(gateway)...)
}

// gatewayRoutes are the routes of a gateway that have a service port among their destinations, with all that they lead to.
func (w *routeWork) gatewayRoutes(gateway Workload, to target) []hop.Route {
	wanted := hop.ServicePort{Service: to.host, Port: to.port.Number}
	var all []hop.Route
	for _, one := range w.doors(gateway) {
		for _, way := range w.behindDoor(gateway, one, wanted) {
			leads := slices.ContainsFunc(way.routes, func(r hop.Route) bool { return r.To == wanted })
			for _, route := range way.routes {
				if leads && !slices.Contains(all, route) {
					all = append(all, route)
				}
			}
		}
	}
	return all
}

// behindDoor are the routes of a server, by what the server makes of a connection
// (istio/istio pilot/pkg/networking/core/gateway.go, buildGatewayListeners).
func (w *routeWork) behindDoor(gateway Workload, d door, wanted hop.ServicePort) []branch {
	asks := asker{gateway, d.gateway}
	bound := seenBy(w.virtualServices().byGateway[d.gateway], gateway.Namespace)
	bound = slices.DeleteFunc(bound, func(r *virtualService) bool { return len(sharedHosts(d.server.GetHosts(), d.namespace(), r)) == 0 })
	mode := d.server.GetTls().GetMode()
	switch protocol := strings.ToLower(d.server.GetPort().GetProtocol()); {
	case d.server.GetTls() != nil && mode == networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		if serves(d.server.GetHosts(), wanted.Service) {
			w.unsure("Gateway %s passes on to %s what names its cluster by SNI", d.gateway, wanted)
		}
		return nil
	case d.server.GetTls() != nil && mode == networking.ServerTLSSettings_PASSTHROUGH:
		return w.tlsBehind(asks, d, bound)
	case protocol == "tcp" || protocol == "tls" || protocol == "mongo" || protocol == "mysql" || protocol == "redis":
		return w.tcpBehind(asks, d, bound)
	}
	return w.httpBehind(asks, d, bound)
}

func (d door) namespace() string {
	namespace, _, _ := strings.Cut(d.gateway, "/")
	return namespace
}

func (d door) port() uint16 { return uint16(d.server.GetPort().GetNumber()) }

// sharedHosts are the hosts that a server and a VirtualService have in common, the narrower of two that match. The server's
// are HOST, or NAMESPACE/HOST with the namespace that a VirtualService must be of
// (https://istio.io/latest/docs/reference/config/networking/gateway/#Server-hosts).
func sharedHosts(hosts []string, namespace string, r *virtualService) []string {
	var all []string
	for _, own := range hosts {
		of, name, found := strings.Cut(strings.ToLower(own), "/")
		switch {
		case !found:
			name = of
		case of == here && r.Namespace != namespace, of != here && of != everywhere && of != r.Namespace:
			continue
		}
		for _, host := range r.hosts {
			if narrow, match := narrower(name, host); match {
				all = append(all, narrow)
			}
		}
	}
	return distinct(all)
}

// httpBehind are the HTTP routes of a server: those of all VirtualServices of a host, in istiod's order; what takes every
// request stands last, and of those the first is reached (istio/istio pilot/pkg/networking/core/gateway.go,
// buildGatewayHTTPRouteConfig; route/route.go, SortVHostRoutes).
func (w *routeWork) httpBehind(asks asker, d door, bound []*virtualService) []branch {
	var all []branch
	taken := map[string]*virtualService{} // by host, who takes every request first
	for _, r := range bound {
		w.notes = append(w.notes, r.notes...)
		ways := w.ways(asks, r, d.port())
		if len(ways) == 0 {
			continue
		}
		w.describe(r)
		hosts := sharedHosts(d.server.GetHosts(), d.namespace(), r)
		if last := len(ways) - 1; ways[last].takesAll {
			if free := w.take(taken, hosts, r); !free {
				w.used.use(RouteUnreachable)
				w.note("%s: no request reaches its route without conditions at Gateway %s, for %s has one for the same hosts", r.Meta, d.gateway, taken[hosts[0]].Meta)
				ways = ways[:last]
			}
		}
		if len(all) > 0 {
			w.used.use(RouteGatewayMerge)
		}
		all = append(all, ways...)
	}
	return all
}

// take gives a VirtualService the hosts for which none takes every request yet; free is false where there are none.
func (w *routeWork) take(taken map[string]*virtualService, hosts []string, r *virtualService) (free bool) {
	for _, host := range hosts {
		if taken[host] == nil {
			taken[host], free = r, true
		}
	}
	return free
}

// tcpBehind is the one TCP route of a server: the first that fits
// (istio/istio pilot/pkg/networking/core/gateway.go, buildGatewayNetworkFiltersFromTCPRoutes).
func (w *routeWork) tcpBehind(asks asker, d door, bound []*virtualService) []branch {
	for _, r := range bound {
		for _, rule := range r.tcp {
			fits := len(rule.GetMatch()) == 0 || slices.ContainsFunc(rule.GetMatch(), func(m *networking.L4MatchAttributes) bool {
				return asks.fitsConnection(m, d.port(), w.used)
			})
			if fits && len(rule.GetRoute()) > 0 {
				w.used.use(RouteTCP)
				w.describe(r)
				return []branch{{w.connections(asks, r, rule.GetRoute(), d.port(), nil), true}}
			}
		}
	}
	return nil
}

// tlsBehind are the routes of a server that passes TLS on, by SNI
// (istio/istio pilot/pkg/networking/core/gateway.go, buildGatewayNetworkFiltersFromTLSRoutes).
func (w *routeWork) tlsBehind(asks asker, d door, bound []*virtualService) []branch {
	var all []branch
	handled := map[string]bool{}
	for _, r := range bound {
		for _, rule := range r.tls {
			for _, match := range rule.GetMatch() {
				if len(rule.GetRoute()) == 0 || !asks.fitsConnection(connectionMatch(match), d.port(), w.used) {
					continue
				}
				w.used.use(RouteTLS)
				w.describe(r)
				for _, asked := range alternatives(hop.OfSNI, match.GetSniHosts(), nil) {
					if !handled[asked.String()] {
						all = append(all, branch{routes: w.connections(asks, r, rule.GetRoute(), d.port(), asked)})
					}
					handled[asked.String()] = true
				}
			}
		}
	}
	return all
}
