package hopconfig

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// led is where a client's proxy leads the requests of a hop.
type led struct {
	cluster   string   // that takes them
	otherwise []string // other clusters that get a share or a copy of them

	routes []hop.Route // of an attempt that names a destination of them, for the verdict to compare with those of the objects
}

// led reads the listeners and routes of a pair's client. Those of a gateway's own port are not the client's to choose.
func (r *Reader) led(a join.Attempt, pair Pair, dump *envoy.Dump) (led, error) {
	service, _, _ := r.World.Port(a.Reached())
	wanted := Cluster(a, service)
	if service.Kind == fixture.GatewayPod {
		return led{cluster: wanted}, nil
	}
	routes, err := r.routes(a, pair, wanted, dump)
	if err != nil {
		return led{}, err
	}
	if a.Want.Routed() {
		return led{cluster: wanted, routes: routes}, nil
	}
	return ledBy(routes, wanted), nil
}

// routes are those of the gateway that lead to the hop's port, or those of a sidecar for a connection to it. None are told of a
// service whose address is not known and whose listener may be for that address alone.
func (r *Reader) routes(a join.Attempt, pair Pair, wanted string, dump *envoy.Dump) ([]hop.Route, error) {
	if a.Kind(r.World) == hop.Gateway {
		to, _, _ := envoy.ServiceOf(wanted)
		facts := dump.GatewayRoutes()
		if a.Want.Routed() && len(facts.Undecided) > 0 {
			return nil, fmt.Errorf("where requests for %s lead is not known: %v", a.To, facts.Undecided)
		}
		return facts.LeadingTo(to), nil
	}
	address, host := r.called(a, pair)
	facts, err := dump.Routes(envoy.Destination{Host: host, Address: address.Addr(), Port: address.Port(), Speaks: r.Does(a).Speaks})
	switch {
	case err != nil:
		return nil, err
	case !address.Addr().IsValid() && facts.Unmatched() && a.Want.Routed():
		return nil, fmt.Errorf("the address of %s is not known, and so which listener takes a connection to it", a.To)
	case !address.Addr().IsValid() && facts.Unmatched():
		return nil, nil
	case facts.Refused != "":
		return nil, nil // the prediction tells, from the same configuration
	case len(facts.Undecided) > 0:
		return nil, fmt.Errorf("where requests for %s lead is not known: %v", a.To, facts.Undecided)
	}
	return facts.Routes, nil
}

// ledBy picks the wanted cluster where a route leads to it, with what shares that route. Where none does, requests leave by the
// only cluster that there is, or by others than the wanted one.
func ledBy(routes []hop.Route, wanted string) led {
	leading := map[string]bool{}
	for _, route := range routes {
		leading[route.By] = leading[route.By] || route.Cluster == wanted && !route.Mirror
	}
	found := slices.ContainsFunc(routes, func(route hop.Route) bool { return leading[route.By] })
	if !found && len(routes) == 1 && routes[0].To == (hop.ServicePort{}) && routes[0].Cluster != "" {
		return led{cluster: routes[0].Cluster}
	}
	told := led{cluster: wanted}
	for _, route := range routes {
		if (leading[route.By] || !found) && (route.Cluster != wanted || route.Mirror) {
			told.otherwise = with(told.otherwise, words(route))
		}
	}
	return told
}

func words(route hop.Route) string {
	share := fmt.Sprintf("%g %% of its requests go", math.Round(route.Share*1e6)/1e4)
	if route.Mirror {
		share = fmt.Sprintf("a copy of %g %% of its requests goes", math.Round(route.Share*1e6)/1e4)
	}
	if route.Match != "" {
		share += fmt.Sprintf(", where %s,", route.Match)
	}
	if route.Cluster == "" {
		return fmt.Sprintf("%s nowhere: the proxy answers by itself (%s)", share, route.By)
	}
	return fmt.Sprintf("%s to %s (%s)", share, route.Cluster, route.By)
}

// called is where a client calls, and by which host: a service by its address, which is invalid where it is not known, or the
// server's pod by its own.
func (r *Reader) called(a join.Attempt, pair Pair) (netip.AddrPort, string) {
	service, _, _ := r.World.Port(a.To)
	if service.Kind == fixture.Pod {
		return netip.AddrPortFrom(pair.Server.Address, a.To.Port), pair.Server.Address.String()
	}
	return netip.AddrPortFrom(r.Addresses[a.To.Service], a.To.Port), service.Host()
}
