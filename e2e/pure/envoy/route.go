package envoy

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// mirrorPolicy is a RequestMirrorPolicy.
type mirrorPolicy struct {
	Cluster  string `json:"cluster"`
	Header   string `json:"cluster_header"`
	Fraction *struct {
		Default struct {
			Numerator   float64 `json:"numerator"`
			Denominator string  `json:"denominator"`
		} `json:"default_value"`
	} `json:"runtime_fraction"`
}

// share is the part of the requests that are copied; all where the policy does not say. Source: FractionalPercent in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/v3/percent.proto
func (m mirrorPolicy) share() float64 {
	if m.Fraction == nil {
		return 1
	}
	of := map[string]float64{"": 100, "HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}[m.Fraction.Default.Denominator]
	if of == 0 {
		return 1
	}
	return min(1, m.Fraction.Default.Numerator/of)
}

// routeEntry is a Route. Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
type routeEntry struct {
	Name     string          `json:"name"`
	Match    fields          `json:"match"`
	Redirect json.RawMessage `json:"redirect"`
	Answer   json.RawMessage `json:"direct_response"`
	Route    *struct {
		Cluster  string         `json:"cluster"`
		Header   string         `json:"cluster_header"`
		Weighted weighted       `json:"weighted_clusters"`
		Mirrors  []mirrorPolicy `json:"request_mirror_policies"`
	} `json:"route"`
}

// readRoute is a Route as it is read, or why it could not be.
type readRoute struct {
	routeEntry
	fault      error
	match      string // as hop.RouteMatch
	matchFault error
}

// routes are the host's, read.
func (h *virtualHost) routes() []readRoute {
	h.read.Do(func() {
		for _, raw := range h.Routes {
			var one readRoute
			if one.fault = json.Unmarshal(raw, &one.routeEntry); one.fault == nil {
				var match hop.RouteMatch
				match, one.matchFault = readMatch(one.Match)
				one.match = match.String()
			}
			h.entries = append(h.entries, one)
		}
	})
	return h.entries
}

// destinations returns where the route at a place leads, and what of it cannot be told. mirrors are those of the virtual host
// or the route configuration, which hold where the route has none of its own.
func (r readRoute) destinations(place string, mirrors []mirrorPolicy) (routes []hop.Route, undecided []string) {
	if r.matchFault != nil {
		return nil, []string{fmt.Sprintf("%s: its match could not be read: %v", place, r.matchFault)}
	}
	as := hop.Route{Share: 1, Match: r.match, By: place}
	switch {
	case r.Redirect != nil:
		as.By += ", a redirect"
		return []hop.Route{as}, nil
	case r.Answer != nil:
		as.By += ", a direct response"
		return []hop.Route{as}, nil
	case r.Route == nil:
		return nil, []string{place + ": its action is not evaluated"}
	}
	routes, undecided = weigh(as, r.Route.Cluster, r.Route.Weighted)
	if len(routes)+len(undecided) == 0 {
		undecided = append(undecided, fmt.Sprintf("%s: its cluster is chosen at the time of the request%s, which is not evaluated", place, byHeader(r.Route.Header)))
	}
	if len(r.Route.Mirrors) > 0 {
		mirrors = r.Route.Mirrors
	}
	for _, mirror := range mirrors {
		copied := as
		copied.Mirror, copied.Share = true, mirror.share()
		switch {
		case copied.Share <= 0:
		case mirror.Cluster == "":
			undecided = append(undecided, fmt.Sprintf("%s: a copy of each request goes to a cluster%s, which is not evaluated", place, byHeader(mirror.Header)))
		default:
			routes = append(routes, ledTo(copied, mirror.Cluster))
		}
	}
	return routes, undecided
}

func byHeader(name string) string {
	if name == "" {
		return ""
	}
	return " by header " + name
}

// weigh returns a route for each cluster that gets a share.
func weigh(as hop.Route, one string, more weighted) (routes []hop.Route, undecided []string) {
	if one != "" {
		return []hop.Route{ledTo(as, one)}, nil
	}
	total := 0.0
	for _, cluster := range more.Clusters {
		total += float64(cluster.Weight)
	}
	for _, cluster := range more.Clusters {
		as.Share = float64(cluster.Weight) / total
		switch {
		case cluster.Weight == 0:
		case cluster.Name == "":
			undecided = append(undecided, fmt.Sprintf("%s: a share of %g goes to a cluster%s, which is not evaluated", as.By, as.Share, byHeader(cluster.Header)))
		default:
			routes = append(routes, ledTo(as, cluster.Name))
		}
	}
	return routes, undecided
}

// ledTo is the route with a cluster as its destination.
func ledTo(as hop.Route, cluster string) hop.Route {
	as.Cluster = cluster
	as.To, as.Subset, _ = ServiceOf(cluster)
	return as
}

// ServiceOf reads the service port and the subset out of a cluster's name, and reports whether it is the cluster of one:
// outbound|PORT|SUBSET|HOST, or outbound_.PORT_.SUBSET_.HOST of a gateway that passes TLS on by server name.
// Source: BuildSubsetKey and BuildDNSSrvSubsetKey in istio.io/istio/pilot/pkg/model/service.go
func ServiceOf(cluster string) (to hop.ServicePort, subset string, found bool) {
	parts := strings.Split(cluster, "|")
	if len(parts) != 4 {
		parts = strings.SplitN(cluster, "_.", 4)
	}
	if len(parts) != 4 || parts[0] != "outbound" {
		return hop.ServicePort{}, "", false
	}
	port, err := strconv.ParseUint(parts[1], 10, 16)
	if err != nil {
		return hop.ServicePort{}, "", false
	}
	return hop.ServicePort{Service: parts[3], Port: uint16(port)}, parts[2], true
}

// blocksAll is the virtual host that answers 502 to requests for what REGISTRY_ONLY does not know. What it blocks is told as led
// to BlackHoleCluster, as a connection is (istio/istio pilot/pkg/networking/util/util.go, BlackHole).
const blocksAll = "block_all"

// routesOf returns where the routes of a virtual host lead, in their order; the first that a request matches takes it.
func (t *routeTable) routesOf(host *virtualHost, place string) (routes []hop.Route, undecided []string) {
	place += ", virtual host " + host.Name
	if host.Name == blocksAll {
		return []hop.Route{{Cluster: BlackHoleCluster, Share: 1, By: place}}, nil
	}
	if host.Matcher != nil {
		return nil, []string{place + ": it picks routes by a matcher, which is not evaluated"}
	}
	mirrors := host.Mirrors
	if len(mirrors) == 0 {
		mirrors = t.Mirrors
	}
	for i, entry := range host.routes() {
		place := fmt.Sprintf("%s, route %d", place, i+1)
		if entry.fault != nil {
			undecided = append(undecided, fmt.Sprintf("%s could not be read: %v", place, entry.fault))
			continue
		}
		if entry.Name != "" && entry.Name != "default" {
			place += " (" + entry.Name + ")"
		}
		more, open := entry.destinations(place, mirrors)
		routes, undecided = append(routes, more...), append(undecided, open...)
		if len(more) > 0 && more[0].Match == "" {
			break // it takes every request, and those after it none
		}
	}
	return routes, undecided
}
