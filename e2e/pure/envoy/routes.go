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
	end, err := d.terminalOf(chain, place)
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
	if host := end.table.hostOf(to.Host, to.Port); host != nil {
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
func (d *Dump) outboundListener(to Destination) (*binding, error) {
	name := fmt.Sprintf("%v_%d", to.Address, to.Port)
	if to.Address.IsValid() && d.passed[name] {
		return nil, fmt.Errorf("listener %s: %w: it leads to none of the requested hosts", name, ErrAbsent)
	}
	for _, wanted := range []string{name, fmt.Sprintf("0.0.0.0_%d", to.Port), virtualOutbound} {
		if !d.knows("dynamic_listeners", wanted) {
			return nil, fmt.Errorf("listener %s: %w: it was not asked for", wanted, ErrAbsent)
		}
	}
	for _, address := range takenBy(to.Address) {
		if found := d.bound[netip.AddrPortFrom(address, to.Port)]; found != nil {
			return found, nil
		}
	}
	if l, found := d.listeners[virtualOutbound]; found {
		return l.binding, nil
	}
	return nil, fmt.Errorf("listener %s: %w", virtualOutbound, ErrAbsent)
}

// takenBy are the addresses of the listeners that take a connection to an address, the first of them before the others: the
// address itself, any of its family, and any of the other.
func takenBy(address netip.Addr) []netip.Addr {
	if address.Is4() {
		return []netip.Addr{address, netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	return []netip.Addr{address, netip.IPv6Unspecified(), netip.IPv4Unspecified()}
}

// bind lists the listeners by their addresses.
func (d *Dump) bind() {
	d.bound = make(map[netip.AddrPort]*binding, len(d.listeners))
	for _, l := range d.listeners {
		for _, own := range l.addresses {
			if other := d.bound[own]; other == nil || l.name < other.name {
				d.bound[own] = l.binding
			}
		}
	}
}

// chainOf returns the filter chain that takes a connection. It is nil where none does, or where it cannot be said.
func (f *RouteFacts) chainOf(l *binding, to Destination) *anyChain {
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
		chains[one.place] = one.raw
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

// lastFilter is the filter of a chain that leads connections or requests.
type lastFilter struct {
	name    string
	proxy   *tcpProxyConfig // one of these two; neither where the chain has no such filter
	manager *routingManager
}

// routingManager is the part of an HttpConnectionManager that leads requests.
type routingManager struct {
	Inline *routeTable     `json:"route_config"`
	Scoped json.RawMessage `json:"scoped_routes"`
	RDS    struct {
		Name string `json:"route_config_name"`
	} `json:"rds"`
	Filters []anyFilter `json:"http_filters"`

	rerouting []string // filters by name, as reroutes
}

// last is the filter that ends a chain.
func (c *anyChain) last() (lastFilter, error) {
	c.ended.Do(func() {
		for _, filter := range c.Filters {
			switch typeOf(filter.Typed) {
			case httpConnectionManager:
				c.end = lastFilter{name: filter.Name, manager: &routingManager{}}
				c.fault = json.Unmarshal(filter.Typed, c.end.manager)
				c.end.manager.rerouting = reroutes(c.end.manager.Filters)
				return
			case tcpProxy:
				c.end = lastFilter{name: filter.Name, proxy: &tcpProxyConfig{}}
				c.fault = json.Unmarshal(filter.Typed, c.end.proxy)
				return
			}
		}
	})
	return c.end, c.fault
}

// terminalOf reads the last filter of a chain at a place.
func (d *Dump) terminalOf(chain *anyChain, place string) (terminal, error) {
	filter, err := chain.last()
	switch {
	case err != nil:
		return terminal{}, fmt.Errorf("%s, %s: %w", place, filter.name, err)
	case filter.manager != nil:
		return d.managed(filter.manager, place)
	case filter.proxy != nil:
		end := terminal{place: place}
		end.routes, end.undecided = weigh(hop.Route{Share: 1, By: place}, filter.proxy.Cluster, filter.proxy.Weighted)
		return end, nil
	}
	return terminal{undecided: []string{place + ": it has no filter whose routes are evaluated"}}, nil
}

func (d *Dump) managed(manager *routingManager, place string) (terminal, error) {
	var undecided []string
	for _, name := range manager.rerouting {
		undecided = append(undecided, fmt.Sprintf("%s: its filter %s may lead requests elsewhere, which is not evaluated", place, name))
	}
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
	return terminal{place: "routes " + table.Name, table: table, undecided: undecided}, nil
}

// GatewayRoutes returns every route of every listener. Those to one service port are LeadingTo it. Undecided names what is
// not evaluated and might lead anywhere.
func (d *Dump) GatewayRoutes() RouteFacts {
	var facts RouteFacts
	read := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.listeners)) {
		l := d.listeners[name]
		for i, chain := range l.all() {
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
		routes, undecided := end.table.routesOf(host, end.place)
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
