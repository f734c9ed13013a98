package oracle

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// tcpRoutes are the routes of a TCP port at a sidecar: those of all VirtualServices whose hosts match the service's, up to the
// first that takes every address (istio/istio pilot/pkg/networking/core/tls.go, buildSidecarOutboundTCPFilterChainOpts).
func (w *routeWork) tcpRoutes(client Workload, to target) []hop.Route {
	asks := asker{client, meshGateway}
	var all []hop.Route
	bound := w.imported(client, to, w.virtualServices().forHost(strings.ToLower(to.host), client.Namespace))
	for _, r := range bound {
		for _, rule := range r.tcp {
			asked, takesAll := w.tcpMatches(asks, rule, to.port.Number)
			if len(asked) == 0 || len(rule.GetRoute()) == 0 {
				continue
			}
			w.used.use(RouteTCP)
			w.describe(r)
			for _, match := range asked {
				all = append(all, w.connections(asks, r, rule.GetRoute(), to.port.Number, match)...)
			}
			if takesAll {
				return all
			}
		}
	}
	if len(all) == 0 {
		w.used.use(RouteNone)
	}
	return append(all, itself(to))
}

// tcpMatches are the ranges of addresses of a rule that is for the proxy and the port, or one match that takes all addresses;
// none where the rule is not for them.
func (w *routeWork) tcpMatches(asks asker, rule *networking.TCPRoute, port uint16) (asked []hop.RouteMatch, takesAll bool) {
	if len(rule.GetMatch()) == 0 {
		return []hop.RouteMatch{nil}, true
	}
	for _, one := range rule.GetMatch() {
		if !asks.fitsConnection(one, port, w.used) {
			continue
		}
		if len(one.GetDestinationSubnets()) == 0 {
			return []hop.RouteMatch{nil}, true
		}
		asked = append(asked, alternatives(hop.OfAddress, one.GetDestinationSubnets(), nil)...)
	}
	return asked, false
}

// tlsRoutes are the routes of a port whose application speaks TLS at a sidecar, by SNI. Where one is for the sidecar and the
// port, other names are not routed (istio/istio pilot/pkg/networking/core/tls.go, buildSidecarOutboundTLSFilterChainOpts).
func (w *routeWork) tlsRoutes(client Workload, to target) []hop.Route {
	asks := asker{client, meshGateway}
	var all []hop.Route
	handled := map[string]bool{}
	bound := w.imported(client, to, w.virtualServices().forHost(strings.ToLower(to.host), client.Namespace))
	for _, r := range bound {
		for _, rule := range r.tls {
			for _, match := range rule.GetMatch() {
				if len(rule.GetRoute()) == 0 || !asks.fitsConnection(connectionMatch(match), to.port.Number, w.used) {
					continue
				}
				w.used.use(RouteTLS)
				w.describe(r)
				for _, asked := range namesAsked(match) {
					if !handled[asked.String()] {
						all = append(all, w.connections(asks, r, rule.GetRoute(), to.port.Number, asked)...)
					}
					handled[asked.String()] = true
				}
			}
		}
	}
	if len(all) == 0 {
		w.used.use(RouteNone)
		return []hop.Route{itself(to)}
	}
	return all
}

// connectionMatch has the conditions of a TLS route that istiod decides.
func connectionMatch(match *networking.TLSMatchAttributes) *networking.L4MatchAttributes {
	return &networking.L4MatchAttributes{
		DestinationSubnets: match.GetDestinationSubnets(), Port: match.GetPort(), SourceLabels: match.GetSourceLabels(),
		Gateways: match.GetGateways(), SourceNamespace: match.GetSourceNamespace(),
	}
}

// namesAsked are the conditions of a TLS route that the proxy decides, one for each server name and range of addresses.
func namesAsked(match *networking.TLSMatchAttributes) []hop.RouteMatch {
	asked := []hop.RouteMatch{nil}
	if subnets := match.GetDestinationSubnets(); len(subnets) > 0 {
		asked = alternatives(hop.OfAddress, subnets, nil)
	}
	var all []hop.RouteMatch
	for _, with := range asked {
		all = append(all, alternatives(hop.OfSNI, match.GetSniHosts(), with)...)
	}
	return all
}

// alternatives has a match for each of several values, beside conditions that hold for all of them.
func alternatives(subject hop.MatchSubject, values []string, with hop.RouteMatch) []hop.RouteMatch {
	var all []hop.RouteMatch
	for _, value := range values {
		all = append(all, append(slices.Clone(with), hop.RouteCondition{Of: subject, Kind: hop.MatchExact, Value: value}))
	}
	return all
}

// connections are the destinations of a route of TCP or TLS.
func (w *routeWork) connections(asks asker, r *virtualService, destinations []*networking.RouteDestination, port uint16, asked hop.RouteMatch) []hop.Route {
	var all []hop.Route
	for _, one := range weighted(destinations, (*networking.RouteDestination).GetWeight) {
		if one.share < 1 {
			w.used.use(RouteWeight)
		}
		route := w.lead(asks, r, one.to.GetDestination(), port, false)
		route.Share, route.Match, route.By = one.share, asked.String(), r.String()
		all = append(all, route)
	}
	return all
}
