package envoy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// virtualOutbound is the listener to which the connections of a sidecar's application are redirected. It hands each to the
// listener of the address that the connection is for, and keeps it where there is none.
// Source: https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/ and use_original_dst in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto
const virtualOutbound = "virtualOutbound"

// Destination is what a client's application connects to. A service with several addresses is several destinations.
type Destination struct {
	// Host is what the application asks for: the authority of its requests, and its server name where it speaks TLS. It is a
	// service's name, or the pod's address where the application calls a pod.
	Host string
	// Address is the service's or the pod's; with an invalid one only the listeners for any address are considered.
	Address netip.Addr
	Port    uint16 // of the service, or of the workload where the address is a pod's
	Speaks  Speech // empty stands for HTTP/1
}

// RouteFacts is what a proxy does with a connection, or with the requests on it.
type RouteFacts struct {
	Listener string `json:"listener,omitempty"` // that takes the connection
	Chain    string `json:"chain,omitempty"`    // its filter chain, where it has a name
	HTTP     bool   `json:"http,omitempty"`     // requests are read and led by their content; otherwise the connection is led as a whole

	// Routes are in the proxy's order: the first whose Match holds takes a request, with all destinations of the same By.
	// One without a cluster is a redirect or a direct response of the proxy, as By says. Shares are of the requests that
	// reach the route. Requests that no Match holds for get 404.
	Routes []hop.Route `json:"routes,omitempty"`
	// Refused says why the proxy leads nothing anywhere: no filter chain takes the connection, or no virtual host the requests.
	Refused string `json:"refused,omitempty"`
	// Undecided names what of the configuration is not evaluated, so that there may be more or other routes.
	Undecided []string `json:"undecided,omitempty"`
}

// Routes returns where a sidecar leads what its application sends to a destination, provided that the connection is
// redirected to the sidecar. The error wraps ErrAbsent where the dump does not hold a listener or a route configuration
// that decides it, or where it was read for some hosts and to.Host, a name or an address, is not among them.
func (d *Dump) Routes(to Destination) (RouteFacts, error) {
	l, err := d.outboundListener(to)
	if err != nil {
		return RouteFacts{}, err
	}
	facts := RouteFacts{Listener: l.name}
	chain := facts.chainOf(l, to)
	if chain == nil {
		return facts, nil
	}
	facts.Chain = chain.Name
	place := "listener " + l.name
	if chain.Name != "" {
		place += ", chain " + chain.Name
	}
	end, err := d.terminalOf(*chain, place)
	if err != nil {
		return RouteFacts{}, err
	}
	facts.HTTP = end.table != nil
	if !facts.HTTP {
		facts.Routes, facts.Undecided = end.routes, end.undecided
		return facts, nil
	}
	if len(d.hosts) > 0 && !d.hosts[to.Host] {
		return RouteFacts{}, fmt.Errorf("virtual host for %s: %w: it is none of the requested hosts", to.Host, ErrAbsent)
	}
	if host, found := end.table.hostOf(to.Host, to.Port); found {
		facts.Routes, facts.Undecided = end.table.routesOf(host, end.place)
		facts.Undecided = append(facts.Undecided, end.undecided...)
	} else {
		facts.Refused = fmt.Sprintf("%s has no virtual host for %s", end.place, to.Host)
	}
	return facts, nil
}

// outboundListener returns the listener that takes a connection: that of its address, then that of any address, then
// virtualOutbound. Source: use_original_dst in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto
func (d *Dump) outboundListener(to Destination) (listener, error) {
	name := fmt.Sprintf("%v_%d", to.Address, to.Port)
	if to.Address.IsValid() && d.passed[name] {
		return listener{}, fmt.Errorf("listener %s: %w: it leads to none of the requested hosts", name, ErrAbsent)
	}
	for _, wanted := range []string{name, fmt.Sprintf("0.0.0.0_%d", to.Port), virtualOutbound} {
		if !d.knows("dynamic_listeners", wanted) {
			return listener{}, fmt.Errorf("listener %s: %w: it was not asked for", wanted, ErrAbsent)
		}
	}
	best, found := d.listeners[virtualOutbound]
	rank := 0
	taken := "" // of listeners that fit alike, the first by name: a proxy has hundreds, too many to sort for each hop
	for name, l := range d.listeners {
		fits := l.rankOf(netip.AddrPortFrom(to.Address, to.Port))
		if fits > rank || fits > 0 && fits == rank && name < taken {
			best, found, rank, taken = l, true, fits, name
		}
	}
	if !found {
		return listener{}, fmt.Errorf("listener %s: %w", virtualOutbound, ErrAbsent)
	}
	return best, nil
}

// rankOf orders the listeners that take a connection to an address: 3 for the address itself, 2 for any of its family, 1
// for any of the other, and 0 for a listener that does not take it.
func (l listener) rankOf(to netip.AddrPort) int {
	best := 0
	for _, own := range l.addresses {
		switch {
		case own.Port() != to.Port():
		case own.Addr() == to.Addr():
			best = 3
		case own.Addr().IsUnspecified() && own.Addr().Is4() == to.Addr().Is4():
			best = max(best, 2)
		case own.Addr().IsUnspecified():
			best = max(best, 1)
		}
	}
	return best
}

// chainOf returns the filter chain that takes a connection. It is nil where none does, or where it cannot be said.
func (f *RouteFacts) chainOf(l listener, to Destination) *anyChain {
	if l.matcher {
		f.Undecided = []string{"listener " + l.name + " picks chains by filter_chain_matcher, which is not evaluated"}
		return nil
	}
	facts := ServerFacts{Listener: l.name, Port: to.Port}
	facts.DetectsTLS = facts.inspected(l, tlsInspector)
	facts.DetectsHTTP = facts.inspected(l, httpInspector)
	chains := map[string]*anyChain{}
	for _, one := range facts.ofAddress(ofPort(facts.candidates(l), to.Port), to.Address) {
		match := facts.matchOf(one)
		match.Name = one.place
		chains[one.place] = &one.raw
		facts.Chains = append(facts.Chains, match)
	}
	if facts.Undecided != "" {
		f.Undecided = []string{facts.Undecided}
		return nil
	}
	if to.Speaks == SpeaksNothing && facts.waits(l) {
		f.Refused = fmt.Sprintf("listener %s waits for the client's first bytes, and the client for the server's", l.name)
		return nil
	}
	taken := l.fallback
	if match, found := facts.Match(to.connection()); found {
		taken = chains[match.Name]
	}
	if taken == nil {
		f.Refused = fmt.Sprintf("listener %s has no filter chain for the connection", l.name)
	}
	return taken
}

// connection is what the application's first bytes tell.
func (t Destination) connection() Connection {
	if _, err := netip.ParseAddr(t.Host); t.Speaks == SpeaksTLS && err != nil {
		return Connection{TLS: true, SNI: t.Host}
	}
	if t.Speaks == SpeaksTLS {
		// A server name is never an address: RFC 6066, section 3.
		return Connection{TLS: true}
	}
	return Connection{ALPN: t.Speaks.detected()}
}

// terminal is what the last filter of a chain does: a route table for requests, or routes for the connection as a whole.
type terminal struct {
	place     string // who says so, for By
	table     *routeTable
	routes    []hop.Route
	undecided []string
}

// terminalOf reads the last filter of a chain at a place.
func (d *Dump) terminalOf(chain anyChain, place string) (terminal, error) {
	for _, filter := range chain.Filters {
		switch typeOf(filter.Typed) {
		case httpConnectionManager:
			return d.managed(filter, place)
		case tcpProxy:
			return proxied(filter, place)
		}
	}
	return terminal{undecided: []string{place + ": it has no filter whose routes are evaluated"}}, nil
}

func proxied(filter anyFilter, place string) (terminal, error) {
	var proxy tcpProxyConfig
	if err := json.Unmarshal(filter.Typed, &proxy); err != nil {
		return terminal{}, fmt.Errorf("%s, %s: %w", place, filter.Name, err)
	}
	end := terminal{place: place}
	end.routes, end.undecided = weigh(hop.Route{Share: 1, By: place}, proxy.Cluster, proxy.Weighted)
	return end, nil
}

func (d *Dump) managed(filter anyFilter, place string) (terminal, error) {
	var manager struct {
		Inline *routeTable     `json:"route_config"`
		Scoped json.RawMessage `json:"scoped_routes"`
		RDS    struct {
			Name string `json:"route_config_name"`
		} `json:"rds"`
		Filters []anyFilter `json:"http_filters"`
	}
	if err := json.Unmarshal(filter.Typed, &manager); err != nil {
		return terminal{}, fmt.Errorf("%s, %s: %w", place, filter.Name, err)
	}
	undecided := reroutes(manager.Filters, place)
	switch {
	case manager.Inline != nil:
		return terminal{place: place, table: manager.Inline, undecided: undecided}, nil
	case manager.RDS.Name == "":
		return terminal{undecided: []string{place + ": its routes are scoped, which is not evaluated"}}, nil
	}
	table, found := d.routes[manager.RDS.Name]
	if !found {
		return terminal{}, fmt.Errorf("route configuration %s of %s: %w", manager.RDS.Name, place, ErrAbsent)
	}
	return terminal{place: "routes " + table.Name, table: &table, undecided: undecided}, nil
}

// GatewayRoutes returns every route of every listener. Those to one service port are LeadingTo it. Undecided names what is
// not evaluated and might lead anywhere.
func (d *Dump) GatewayRoutes() RouteFacts {
	var facts RouteFacts
	read := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.listeners)) {
		l := d.listeners[name]
		chains := l.chains
		if l.fallback != nil {
			chains = append(slices.Clone(chains), *l.fallback)
		}
		for i, chain := range chains {
			end, err := d.terminalOf(chain, fmt.Sprintf("listener %s, chain %d", l.name, i+1))
			if err != nil {
				facts.Undecided = append(facts.Undecided, err.Error())
				continue
			}
			// Several chains may name one route configuration.
			if !read[end.place] {
				read[end.place] = true
				facts.addAll(end)
			}
		}
	}
	return facts
}

func (f *RouteFacts) addAll(end terminal) {
	f.Routes, f.Undecided = append(f.Routes, end.routes...), append(f.Undecided, end.undecided...)
	if end.table == nil {
		return
	}
	f.HTTP = true
	for _, host := range end.table.Hosts {
		routes, undecided := end.table.routesOf(*host, end.place)
		f.Routes, f.Undecided = append(f.Routes, routes...), append(f.Undecided, undecided...)
	}
}

// LeadingTo returns the routes of which a service port is one destination, each with all of its destinations: those of one
// By are of one route.
func (f RouteFacts) LeadingTo(to hop.ServicePort) []hop.Route {
	leading := map[string]bool{}
	for _, route := range f.Routes {
		leading[route.By] = leading[route.By] || route.To == to
	}
	var all []hop.Route
	for _, route := range f.Routes {
		if leading[route.By] {
			all = append(all, route)
		}
	}
	return all
}

// Unmatched reports whether no listener but the one for all else takes the connection.
func (f RouteFacts) Unmatched() bool { return f.Listener == virtualOutbound }
