package tlscheck

import (
	"fmt"
	"math"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// way tells how the requests of a hop go other than all of them to the port's own cluster: to which destination, which
// share of them, and which of them; empty for the ordinary way.
func (h Hop) way(host string) string {
	var words []string
	if h.ByAddress {
		words = append(words, "by the pod's address")
	}
	if h.Route == nil {
		return strings.Join(words, ", ")
	}
	route := *h.Route
	switch {
	case route.Cluster == "" && route.To == (hop.ServicePort{}):
		words = append(words, "answered by the proxy")
	case route.To == (hop.ServicePort{}):
		words = append(words, "by "+route.Cluster)
	case route.To.Service != host || route.To.Port != h.Port:
		words = append(words, "to "+destination(route))
	case route.Subset != h.Subset:
		words = append(words, "to subset "+route.Subset)
	}
	switch share := percent(route.Share); {
	case route.Mirror:
		words = append(words, "a copy of "+share)
	case route.Share < 1:
		words = append(words, share)
	}
	if route.Match != "" {
		words = append(words, "where "+route.Match)
	}
	return strings.Join(words, ", ")
}

// destination is HOST:PORT, with the subset where there is one.
func destination(route hop.Route) string {
	if route.Subset == "" {
		return route.To.String()
	}
	return fmt.Sprintf("%s subset %s", route.To, route.Subset)
}

// percent writes a share of 0 to 1 with as many digits as it needs, four at most.
func percent(share float64) string {
	return fmt.Sprintf("%g %%", math.Round(share*1e6)/1e4)
}
