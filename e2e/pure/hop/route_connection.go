package hop

import (
	"net/netip"
	"slices"
	"strings"
)

// Carrying keeps the routes that one connection takes: those whose conditions on SNI and address hold for it and are the
// narrowest, without these conditions. Routes of a proxy are of one connection already. With an invalid address, routes for
// some addresses are kept beside the others.
// Source: FilterChainMatch in https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto,
// which compares the address before the server name.
func Carrying(routes []Route, sni string, address netip.Addr) []Route {
	byAddress := narrowest(routes, func(route Route) int { return addressRank(connectionValue(route.Match, OfAddress), address) })
	bySNI := narrowest(byAddress, func(route Route) int { return sniRank(connectionValue(route.Match, OfSNI), strings.ToLower(sni)) })
	for i := range bySNI {
		bySNI[i].Match = ofRequest(bySNI[i].Match)
	}
	return bySNI
}

// noConnection is the rank of a route that does not take the connection.
const noConnection = -1

// narrowest keeps the routes of the highest rank.
func narrowest(routes []Route, rank func(Route) int) []Route {
	best := 0
	for _, route := range routes {
		best = max(best, rank(route))
	}
	return slices.DeleteFunc(slices.Clone(routes), func(route Route) bool { return rank(route) != best })
}

func addressRank(subnet string, address netip.Addr) int {
	if subnet == "" || !address.IsValid() {
		return 0
	}
	if only, err := netip.ParseAddr(subnet); err == nil {
		subnet = netip.PrefixFrom(only, only.BitLen()).String()
	}
	within, err := netip.ParsePrefix(subnet)
	if err != nil || !within.Contains(address) {
		return noConnection
	}
	// The range of all addresses is narrower than none given.
	return within.Bits() + 1
}

func sniRank(name, sni string) int {
	name = strings.ToLower(name)
	suffix, wildcard := strings.CutPrefix(name, "*")
	switch {
	case name == "" || name == "*":
		return 0
	case name == sni:
		return len(name) + 1 // above all wildcards, which are no longer
	case wildcard && strings.HasSuffix(sni, suffix):
		return len(name)
	}
	return noConnection
}

// connectionValue is the value of a match's condition on SNI or address; empty for none.
func connectionValue(match string, subject MatchSubject) string {
	for _, condition := range strings.Split(match, "; ") {
		if value, found := strings.CutPrefix(condition, string(subject)+" "+string(MatchExact)+" "); found {
			return value
		}
	}
	return ""
}

// ofRequest is a match without its conditions on SNI and address.
func ofRequest(match string) string {
	conditions := slices.DeleteFunc(strings.Split(match, "; "), func(condition string) bool {
		return connectionValue(condition, OfSNI) != "" || connectionValue(condition, OfAddress) != ""
	})
	return strings.Join(conditions, "; ")
}
