package inspect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// byAddress are the hops of a client that calls the pods behind a port by their own addresses, and not the host. A sidecar has
// no cluster for most of these (https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/#unmatched-traffic).
func (in *Inspector) byAddress(named []tlscheck.Hop, host oracle.Host, port oracle.Port, client oracle.Workload, proxies *proxies) []tlscheck.Hop {
	if !client.HasProxy || client.Gateway {
		return nil
	}
	var all []tlscheck.Hop
	snapshot := in.under(client, proxies)
	for _, called := range named {
		server, known := in.Survey.Workload(called.Endpoint)
		if called.Port != port.Number || !known || slices.ContainsFunc(all, func(h tlscheck.Hop) bool { return h.Endpoint == called.Endpoint && h.Behind == called.Behind }) {
			continue
		}
		answer := snapshot.AskAddress(client.String(), called.Endpoint, called.Behind)
		route, unknown := addressRoute(client, server, called.Behind, port, proxies)
		h := in.hop(host, port, client, answer, route, proxies, snapshot.Untold(client, servicePort(host, port)))
		h.Endpoint, h.Behind, h.ByAddress, h.Unknown = called.Endpoint, called.Behind, true, unknown
		if route.Cluster != "" {
			h.Route = &route
		}
		all = append(all, h)
	}
	return all
}

// addressRoute is where a client's proxy leads a connection to a pod's address; without a cluster where no proxy was read.
func addressRoute(client, server oracle.Workload, behind uint16, port oracle.Port, proxies *proxies) (route hop.Route, unknown string) {
	if proxies == nil || proxies.dumps[client.String()] == nil || len(server.Addresses) == 0 {
		return hop.Route{}, ""
	}
	address := server.Addresses[0]
	facts, err := proxies.dumps[client.String()].Routes(envoy.Destination{Host: address.String(), Address: address, Port: behind, Speaks: envoy.SpeechOf(port.Protocol)})
	switch {
	case err != nil:
		return hop.Route{}, err.Error()
	case len(facts.Undecided) > 0:
		return hop.Route{}, strings.Join(facts.Undecided, "; ")
	case len(facts.Routes) != 1:
		return hop.Route{}, fmt.Sprintf("the proxy of %s has %d routes for %s", client, len(facts.Routes), netip.AddrPortFrom(address, behind))
	}
	return facts.Routes[0], ""
}
