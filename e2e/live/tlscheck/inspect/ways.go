package inspect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// ways are where a client's requests for a service port lead.
type ways struct {
	routes  []hop.Route // none where the client has no way there
	differs []string    // how the proxy's routes are other than the objects ask
	refused string      // why a proxy that has no route for the port leads the requests nowhere
	unknown string      // why there may be others than these
	notes   []string    // on objects that ask for routes in vain
}

// ways are the proxy's, where it was read, and else those that the objects ask for. What the application sends past its proxy
// follows no route.
func (in *Inspector) ways(host oracle.Host, port oracle.Port, client oracle.Workload, proxies *proxies) ways {
	to := servicePort(host, port)
	if capture, err := in.Survey.Under(client).Outbound(client, to); client.HasProxy && err == nil && !capture.Taken {
		return ways{routes: []hop.Route{itself(to)}}
	}
	asked := in.asked(host, port, client)
	if proxies == nil || !client.HasProxy {
		return asked
	}
	dump, err := proxies.of(client)
	if err != nil {
		// The hops of the client are unknown for the same reason.
		return asked
	}
	found := in.configured(host, port, client, dump, proxies)
	if found.unknown == "" && asked.unknown == "" {
		found.differs = hop.Difference(found.routes, asked.routes)
	}
	if found.unknown == "" {
		found.unknown = asked.unknown
	}
	found.notes = asked.notes
	return found
}

// asked are the ways by the objects alone. What a client's proxy does not know leaves by a cluster of no service.
func (in *Inspector) asked(host oracle.Host, port oracle.Port, client oracle.Workload) ways {
	snapshot, to := in.Survey.Under(client), servicePort(host, port)
	if client.HasProxy && !client.Gateway {
		imported, _, err := snapshot.Imports(client, to)
		switch {
		case err != nil:
			return ways{routes: []hop.Route{itself(to)}, unknown: err.Error()}
		case !imported:
			return ways{routes: []hop.Route{unmatched(snapshot.Scope(client))}}
		}
	}
	answer := snapshot.Routes(client.String(), to)
	routes := answer.Routes
	if speech := envoy.SpeechOf(port.Protocol); !speech.HTTP() && !client.Gateway {
		// A connection has one way, by the server name and the address that it is for.
		routes = hop.Carrying(routes, host.Name, in.addresses(host)[0])
	}
	return ways{routes: routes, unknown: strings.Join(answer.Unknown, "; "), notes: answer.Notes}
}

func itself(to hop.ServicePort) hop.Route {
	return hop.Route{To: to, Cluster: envoy.ClusterName(to.Service, to.Port), Share: 1}
}

// unmatched is the way of what a sidecar does not know
// (https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/#unmatched-traffic).
func unmatched(scope oracle.Scope) hop.Route {
	if scope.RegistryOnly {
		return hop.Route{Cluster: envoy.BlackHoleCluster, Share: 1}
	}
	return hop.Route{Cluster: envoy.PassthroughCluster, Share: 1}
}

// configured are the ways by the proxy's listeners and routes: of a gateway those that lead to the port, of a sidecar those
// of a connection to the host's addresses.
func (in *Inspector) configured(host oracle.Host, port oracle.Port, client oracle.Workload, dump *envoy.Dump, proxies *proxies) ways {
	to := servicePort(host, port)
	if client.Gateway {
		facts := proxies.gatewayRoutes(client, dump)
		return ways{routes: facts.LeadingTo(to), unknown: strings.Join(facts.Undecided, "; ")}
	}
	var found ways
	var undecided []string
	for _, address := range in.addresses(host) {
		facts, err := dump.Routes(envoy.Destination{Host: host.Name, Address: address, Port: port.Number, Speaks: envoy.SpeechOf(port.Protocol)})
		switch {
		case err != nil:
			return ways{routes: []hop.Route{itself(to)}, unknown: err.Error()}
		case !address.IsValid() && facts.Unmatched():
			// A listener of the host's own address may take it.
			return ways{routes: []hop.Route{itself(to)}, unknown: fmt.Sprintf("the address of %s is not known, and so which listener of %s takes a connection to it", host.Name, client)}
		}
		found.refused = facts.Refused
		for _, route := range facts.Routes {
			if !slices.ContainsFunc(found.routes, func(known hop.Route) bool { return same(known, route) }) {
				found.routes = append(found.routes, route)
			}
		}
		for _, what := range facts.Undecided {
			if !slices.Contains(undecided, what) {
				undecided = append(undecided, what)
			}
		}
	}
	found.unknown = strings.Join(undecided, "; ")
	return found
}

// same leaves out who says so: a proxy repeats its routes for each listener.
func same(a, b hop.Route) bool {
	a.By, b.By = "", ""
	return a == b
}

// addresses are those that a client connects to: the host's own, or its pods' where it is headless; an invalid one where none
// is known.
func (in *Inspector) addresses(host oracle.Host) []netip.Addr {
	addresses := host.Addresses
	if host.Headless {
		for _, name := range in.Survey.Snapshot.Behind(host) {
			if workload, found := in.Survey.Workload(name); found {
				addresses = append(addresses, workload.Addresses...)
			}
		}
	}
	if len(addresses) == 0 {
		return []netip.Addr{{}}
	}
	return addresses
}

// ordinary reports whether a route is that of requests to the port itself, of all that take it. Which requests those are is
// not of interest then: at a gateway every route asks for something.
func ordinary(route hop.Route, to hop.ServicePort, subset string) bool {
	return route.To == to && route.Subset == subset && route.Share == 1 && !route.Mirror
}
