package oracle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// EndpointAnswer is the oracle's answer for a hop to one of the endpoints behind its service port.
type EndpointAnswer struct {
	Answer
	Endpoint string // the workload as NAMESPACE/NAME; empty for none, and for an address that the snapshot does not know
	Port     uint16 // the workload's
}

// Ask gives one answer for all endpoints; Says is empty where they differ. Says is also empty for a question about an object
// that the snapshot does not hold.
func (s Snapshot) Ask(q Question) Answer { return agree(s.AskEach(q)) }

// AskEach answers a question for each endpoint, and with one answer where no endpoint is reached.
func (s Snapshot) AskEach(q Question) []EndpointAnswer {
	t := usedRules{}
	client, found := s.workload(q.Client)
	if !found {
		return unasked(fmt.Sprintf("client %s is no workload of the snapshot", q.Client), t)
	}
	to, err := s.find(q.To, t)
	if err != nil {
		return unasked(err.Error(), t)
	}
	if to.unlisted {
		return unasked(fmt.Sprintf("service %s has no selector, and who its endpoints are is not in the snapshot", to.host), t)
	}
	if client.Ambient {
		return unasked(ambient(client), t)
	}
	speaks := cmp.Or(q.As, to.port.Protocol)
	if speaks == hop.Auto {
		speaks = hop.HTTP
	}
	if q.Offer != nil {
		asked := s.probe(client, *q.Offer, speaks)
		return s.each(client, to, to.endpoints, t, Client{Mode: NoProxy, Rule: ClientNoProxy}, func(endpoint, usedRules) (Client, connection) {
			return Client{Mode: NoProxy, Rule: ClientNoProxy}, asked
		})
	}
	if !client.HasProxy {
		return s.each(client, to, to.endpoints, t, Client{Mode: NoProxy, Rule: ClientNoProxy}, func(endpoint, usedRules) (Client, connection) {
			return Client{Mode: NoProxy, Rule: ClientNoProxy}, plain(speaks)
		})
	}
	if to.kind == Pods {
		captured, answers := s.capture(client, to, speaks, t)
		if captured == nil {
			return answers
		}
		to = *captured
	}
	way, stopped := s.route(client, to, q.Subset, t)
	if stopped != nil {
		return unreached(way.Client, stopped, t)
	}
	endpoints := to.endpoints
	// A cluster of original destinations picks nothing, not even by subset.
	if way.subset != nil && !way.originalDst {
		endpoints = slices.DeleteFunc(slices.Clone(endpoints), func(e endpoint) bool { return !selects(way.labels(), e.labels) })
	}
	return s.each(client, to, endpoints, t, way.Client, func(e endpoint, t usedRules) (Client, connection) {
		own := way
		sent := s.send(client, to, &own, e, speaks, t)
		return own.Client, sent
	})
}

// workload finds a workload by the suite's name for it, NAME or NAMESPACE/NAME. If two have the same name, it returns the
// one whose namespace sorts first.
func (s Snapshot) workload(name string) (Workload, bool) {
	if own, given := s.Clients[name]; given {
		name = own
	}
	all := s.workloadsNamed(name)
	if len(all) == 0 {
		return Workload{}, false
	}
	return slices.MinFunc(all, func(a, b Workload) int { return cmp.Compare(a.String(), b.String()) }), true
}

// capture answers for traffic to a pod's own address. An address that the mesh does not know passes unchanged, unless a
// ServiceEntry takes the port.
func (s Snapshot) capture(client Workload, to target, speaks hop.Protocol, t usedRules) (*target, []EndpointAnswer) {
	if client.Gateway {
		t.use(GatewayNoPassthrough)
		return nil, unreached(Client{Mode: Disable, Rule: GatewayNoPassthrough}, refused(hop.NoCluster, "a gateway has no cluster for a pod's own address"), t)
	}
	if entry := s.capturing(to, t); entry != nil {
		entry.endpoints = to.endpoints
		return entry, nil
	}
	if s.Mesh.RegistryOnly {
		t.use(RegistryOnly)
		return nil, unreached(Client{Mode: Disable, Rule: RegistryOnly}, refused(hop.NoCluster, "outboundTrafficPolicy is REGISTRY_ONLY, and the mesh does not know the address"), t)
	}
	t.use(PassthroughCluster)
	passes := Client{Mode: Disable, Rule: PassthroughCluster}
	return nil, s.each(client, to, to.endpoints, t, passes, func(endpoint, usedRules) (Client, connection) { return passes, plain(speaks) })
}

// capturing finds the ServiceEntry whose TCP port takes a client's traffic to a pod's address.
func (s Snapshot) capturing(to target, t usedRules) *target {
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

// takes reports whether addresses, or the lack of any, cover the endpoints.
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

// each answers for every endpoint.
func (s Snapshot) each(client Workload, to target, endpoints []endpoint, t usedRules, general Client, send func(endpoint, usedRules) (Client, connection)) []EndpointAnswer {
	if general.Mode == NoProxy {
		t.use(ClientNoProxy)
	}
	if len(endpoints) == 0 {
		return unreached(general, refused(hop.NoEndpoint, fmt.Sprintf("%s has no endpoint that %s may use", to.host, client)), t)
	}
	var answers []EndpointAnswer
	for _, endpoint := range endpoints {
		own := maps.Clone(t)
		mode, sent := send(endpoint, own)
		own.use(mode.Rule)
		server, became := s.evaluateServer(endpoint, to, sent, own)
		answer := EndpointAnswer{Answer: finish(server, mode, became, own), Port: endpoint.port}
		if endpoint.workload != nil {
			answer.Endpoint = endpoint.workload.String()
		}
		answer.Identities = Identities{ServerNames: became.names}
		if became.says == hop.MTLS {
			answer.Identities.Client, answer.Identities.Server = sent.identity, became.server
		}
		answers = append(answers, answer)
	}
	return answers
}

// agree is the one answer of several.
func agree(answers []EndpointAnswer) Answer {
	first := answers[0].Answer
	for _, other := range answers[1:] {
		if other.Says != first.Says || other.Refusal != first.Refusal {
			why := fmt.Sprintf("the endpoints differ: %s; %s", first.Why, other.Why)
			return Answer{Why: why, Server: first.Server, Client: first.Client, Rules: unite(first.Rules, other.Rules)}
		}
	}
	return first
}

// unreached is the answer where no endpoint is reached.
func unreached(client Client, became *result, t usedRules) []EndpointAnswer {
	return []EndpointAnswer{{Answer: finish(Server{}, client, became, t)}}
}

// unasked is the answer to what the snapshot does not hold.
func unasked(why string, t usedRules) []EndpointAnswer {
	return []EndpointAnswer{{Answer: Answer{Why: why, Rules: t.sorted()}}}
}

func unite(a, b []Rule) []Rule {
	all := join(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func finish(server Server, client Client, became *result, t usedRules) Answer {
	t.use(client.Rule)
	delete(t, "")
	return Answer{
		Says: became.says, Refusal: became.refusal, Why: strings.TrimSpace(became.why), Server: server, Client: client, Rules: t.sorted(),
	}
}
