package inspect

import (
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// servicePort names a port of a host.
func servicePort(host oracle.Host, port oracle.Port) hop.ServicePort {
	return hop.ServicePort{Service: host.Name, Port: port.Number}
}

// compare compares the endpoints that the objects give the destination of a route with those of a client's proxy, and marks the
// hops to those that the proxy lacks. An address that only the proxy has becomes a hop of its own. Where the proxy was not read,
// or has no endpoint at all, there is nothing to compare: what that leads to is said of each hop.
func (in *Inspector) compare(hops []tlscheck.Hop, route hop.Route, port oracle.Port, client oracle.Workload, proxies *proxies) []tlscheck.Hop {
	if proxies == nil || proxies.dumps[client.String()] == nil || route.Subset != "" || route.To.Service == "" {
		return hops
	}
	held := proxies.dumps[client.String()].Endpoints(route.To.Service, route.To.Port)
	snapshot := in.Survey.Under(client)
	registered, incomparable, err := snapshot.Registered(client, route.To)
	unknown := slices.ContainsFunc(registered, func(one oracle.RegisteredEndpoint) bool { return !one.Address.Addr().IsValid() })
	if err != nil || incomparable != "" || unknown || len(held) == 0 {
		return hops
	}
	for _, one := range tlscheck.CompareEndpoints(registered, held, in.holder(snapshot)) {
		at := slices.IndexFunc(hops, func(h tlscheck.Hop) bool {
			return h.Configured != nil && netip.AddrPortFrom(h.Address, h.Behind) == one.Address
		})
		if at < 0 {
			if one.Workload == client.String() {
				continue
			}
			hops = append(hops, extra(client, port, one))
			at = len(hops) - 1
		}
		hops[at].Configured.Endpoint = one.Why
		if slices.ContainsFunc(snapshot.Unreadable, func(kind oracle.Unreadable) bool { return listsEndpoints(kind.Kind) }) {
			hops[at].Configured.Endpoint, hops[at].Asked = "", oracle.Answer{Why: one.Why + ", of those that could be read"}
		}
	}
	return hops
}

// extra is a hop to an address that the client's proxy has and no object gives it, or the other way round.
func extra(client oracle.Workload, port oracle.Port, one tlscheck.EndpointDifference) tlscheck.Hop {
	return tlscheck.Hop{
		Client: client.String(), Port: port.Number, Endpoint: one.Workload, Address: one.Address.Addr(), Behind: one.Address.Port(),
		Asked: oracle.Answer{Why: one.Why}, Configured: &tlscheck.Configured{},
	}
}

// listsEndpoints is true of the kinds of objects that give services endpoints.
func listsEndpoints(kind string) bool {
	return kind == "EndpointSlice" || kind == "WorkloadEntry" || kind == "ServiceEntry"
}

// holder names the workload at an address; empty where none has it, or several do.
func (in *Inspector) holder(snapshot oracle.Snapshot) func(netip.Addr) string {
	return func(address netip.Addr) string {
		if holders := snapshot.Holders(address); len(holders) == 1 {
			return holders[0].String()
		}
		return ""
	}
}

// effects are notes on objects that are written for a host and have no effect on it, and on policies that ask for an identity
// which hops in the clear do not have.
func (in *Inspector) effects(host oracle.Host, hops []tlscheck.Hop) []string {
	notes := in.Survey.Snapshot.Notes(host)
	asked := map[string]bool{}
	for _, h := range hops {
		inClear := h.Asked.Says == hop.Plaintext || h.Configured != nil && h.Configured.Says == hop.Plaintext
		if !inClear || h.Endpoint == "" || asked[h.Endpoint] {
			continue
		}
		asked[h.Endpoint] = true
		notes = append(notes, in.Survey.Snapshot.NeedIdentity(in.Survey.Authorization, h.Endpoint)...)
	}
	return notes
}
