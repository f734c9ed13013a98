package intent

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/hop"
)

// Ask answers a question. A question about what the snapshot does not hold is answered with an empty Says.
func (s Snapshot) Ask(q Question) Answer {
	t := trail{}
	client, found := s.workload(q.Client)
	if !found {
		return Answer{Why: fmt.Sprintf("client %s is no workload of the snapshot", q.Client), Rules: t.sorted()}
	}
	to, err := s.find(q.To, t)
	if err != nil {
		return Answer{Why: err.Error(), Rules: t.sorted()}
	}
	speaks := cmp.Or(q.As, to.port.Protocol)
	if speaks == hop.Auto {
		speaks = hop.HTTP
	}
	if q.Offer != nil {
		asked := s.probe(client, *q.Offer, speaks)
		return s.each(client, to, to.endpoints, t, Client{Mode: NoProxy, Rule: ClientNoProxy}, func(endpoint, trail) (Client, connection) {
			return Client{Mode: NoProxy, Rule: ClientNoProxy}, asked
		})
	}
	if !client.HasProxy {
		return s.each(client, to, to.endpoints, t, Client{Mode: NoProxy, Rule: ClientNoProxy}, func(endpoint, trail) (Client, connection) {
			return Client{Mode: NoProxy, Rule: ClientNoProxy}, plain(speaks)
		})
	}
	if to.kind == Pods {
		captured, answer := s.capture(client, to, speaks, t)
		if captured == nil {
			return answer
		}
		to = *captured
	}
	way, stopped := s.route(client, to, q.Subset, t)
	if stopped != nil {
		return finish(Server{}, way.Client, stopped, t)
	}
	endpoints := to.endpoints
	// A cluster of original destinations picks nothing, not even by subset.
	if way.subset != nil && !way.originalDst {
		endpoints = slices.DeleteFunc(slices.Clone(endpoints), func(e endpoint) bool { return !selects(way.labels(), e.labels) })
	}
	return s.each(client, to, endpoints, t, way.Client, func(e endpoint, t trail) (Client, connection) {
		own := way
		sent := s.send(client, to, &own, e, speaks, t)
		return own.Client, sent
	})
}

// workload finds a workload by the suite's name of it, NAME or NAMESPACE/NAME; of two of one name the namespace that
// sorts first.
func (s Snapshot) workload(name string) (Workload, bool) {
	if own, given := s.Clients[name]; given {
		name = own
	}
	var all []Workload
	for _, workload := range s.Workloads {
		if name == workload.Name || name == workload.String() {
			all = append(all, workload.inject(s.Injected))
		}
	}
	if len(all) == 0 {
		return Workload{}, false
	}
	return slices.MinFunc(all, func(a, b Workload) int { return cmp.Compare(a.String(), b.String()) }), true
}

// capture is traffic to a pod's own address: what the mesh does not know passes as it came, unless a ServiceEntry
// takes the port.
func (s Snapshot) capture(client Workload, to target, speaks hop.Protocol, t trail) (*target, Answer) {
	if client.Gateway {
		t.use(GatewayNoPassthrough)
		return nil, finish(Server{}, Client{Mode: Disable, Rule: GatewayNoPassthrough}, refused(hop.NoCluster, "a gateway has no cluster for a pod's own address"), t)
	}
	if entry := s.capturing(to, t); entry != nil {
		entry.endpoints = to.endpoints
		return entry, Answer{}
	}
	if s.Mesh.RegistryOnly {
		t.use(RegistryOnly)
		return nil, finish(Server{}, Client{Mode: Disable, Rule: RegistryOnly}, refused(hop.NoCluster, "outboundTrafficPolicy is REGISTRY_ONLY, and the mesh does not know the address"), t)
	}
	t.use(PassthroughCluster)
	passes := Client{Mode: Disable, Rule: PassthroughCluster}
	return nil, s.each(client, to, to.endpoints, t, passes, func(endpoint, trail) (Client, connection) { return passes, plain(speaks) })
}

// capturing finds the ServiceEntry whose TCP port takes a client's traffic to a pod's address.
func (s Snapshot) capturing(to target, t trail) *target {
	entries := sortedByAge(s.ServiceEntries, func(Object[*networking.ServiceEntry]) bool { return true })
	for _, entry := range entries {
		for _, port := range entry.Spec.GetPorts() {
			http := declaredProtocol(port.GetProtocol()) == hop.HTTP || declaredProtocol(port.GetProtocol()) == hop.GRPC
			if port.GetNumber() != uint32(to.port.Number) || http || len(entry.Spec.GetHosts()) == 0 {
				continue
			}
			if !takes(entry.Spec.GetAddresses(), to.endpoints) {
				continue
			}
			t.use(EntryByPort)
			captured := s.entryTarget(entry, entry.Spec.GetHosts()[0], port, t)
			return &captured
		}
	}
	return nil
}

// takes tells whether addresses, or the lack of any, cover the endpoints.
func takes(addresses []string, endpoints []endpoint) bool {
	if len(addresses) == 0 {
		return true
	}
	for _, endpoint := range endpoints {
		for _, address := range endpoint.workload.Addresses {
			if slices.Contains(addresses, address.String()) {
				return true
			}
		}
	}
	return false
}

// each answers for every endpoint; the answer says nothing where they differ.
func (s Snapshot) each(client Workload, to target, endpoints []endpoint, t trail, general Client, send func(endpoint, trail) (Client, connection)) Answer {
	if general.Mode == NoProxy {
		t.use(ClientNoProxy)
	}
	if len(endpoints) == 0 {
		return finish(Server{}, general, refused(hop.NoEndpoint, fmt.Sprintf("%s has no endpoint that %s may use", to.host, client)), t)
	}
	var answers []Answer
	for _, endpoint := range endpoints {
		own := maps.Clone(t)
		mode, sent := send(endpoint, own)
		own.use(mode.Rule)
		server, became := s.arrive(endpoint, to, sent, own)
		answer := finish(server, mode, became, own)
		if became.says == hop.MTLS {
			answer.Identities = Identities{Client: sent.identity, Server: became.server}
		}
		answers = append(answers, answer)
	}
	first := answers[0]
	for i, other := range answers[1:] {
		if other.Says != first.Says || other.Refusal != first.Refusal {
			first.Says, first.Refusal, first.Identities = "", "", Identities{}
			first.Why = fmt.Sprintf("the endpoints differ: %s; %s", answers[0].Why, answers[i+1].Why)
			first.Rules = unite(first.Rules, other.Rules)
			return first
		}
	}
	return first
}

func unite(a, b []Rule) []Rule {
	all := join(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func finish(server Server, client Client, became *result, t trail) Answer {
	t.use(client.Rule)
	delete(t, "")
	return Answer{
		Says: became.says, Refusal: became.refusal, Why: strings.TrimSpace(became.why), Server: server, Client: client, Rules: t.sorted(),
	}
}
