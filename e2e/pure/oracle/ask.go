package oracle

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// EndpointAnswer is the oracle's answer for a hop to one of the endpoints behind its service port.
type EndpointAnswer struct {
	Answer
	Endpoint string     // the workload as NAMESPACE/NAME; empty for none, and for an address that the snapshot does not know
	Address  netip.Addr // the endpoint's; zero for none, and where the snapshot does not hold it
	Port     uint16     // the workload's

	grounds grounds
}

// Ask gives one answer for all endpoints; Says is empty where they differ. Says is also empty for a question about an object
// that the snapshot does not hold.
func (s Snapshot) Ask(q Question) Answer { return agree(s.AskEach(q)) }

// AskEach answers a question for each endpoint, and with one answer where no endpoint is reached.
func (s Snapshot) AskEach(q Question) []EndpointAnswer {
	if q.Reaches != (hop.ServicePort{}) {
		return s.askReached(q)
	}
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
		return unasked(unlistedReason(to.host), t)
	}
	speaks := cmp.Or(q.As, to.port.Protocol)
	if q.Routed && client.HasProxy && !client.Ambient && q.Offer == nil {
		return rest(s.routedTo(client, to, q.Subset, speaks, t), &client, &to, nil)
	}
	return rest(s.askTarget(client, to, q.Subset, q.Offer, speaks, t), &client, &to, nil)
}

// routedTo answers for requests that a route of the client's proxy leads to a target. The proxy has no cluster of a service that
// is not exported to it.
func (s Snapshot) routedTo(client Workload, to target, subset string, speaks hop.Protocol, t usedRules) []EndpointAnswer {
	if !s.exported(to, client.Namespace) {
		t.use(ServiceExportTo)
		why := fmt.Sprintf("a route leads to %s, which is not exported to the namespace of %s", to.object, client)
		return unreached(Client{Mode: Disable, Object: to.object, Rule: ServiceExportTo}, refused(hop.NoCluster, why), t)
	}
	return s.byName(client, to, to.endpoints, subset, orHTTP(speaks), t)
}

// orHTTP is what an application speaks at a port: HTTP where the port declares nothing.
func orHTTP(declared hop.Protocol) hop.Protocol {
	if declared == hop.Auto {
		return hop.HTTP
	}
	return declared
}

// AskAddress answers for a client that calls a workload's own address and one of its ports, not the name of a service before
// it. What is spoken is what a service declares of the port. A request over HTTP has the address in its Host header: one that
// has a service's name there takes that service's route, as AskEach answers it. Clients and workloads are named as in Question.
//
// Reference: https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/#unmatched-traffic
func (s Snapshot) AskAddress(client, workload string, port uint16) EndpointAnswer {
	t := usedRules{}
	from, found := s.workload(client)
	if !found {
		return unasked(fmt.Sprintf("client %s is no workload of the snapshot", client), t)[0]
	}
	server, found := s.workload(workload)
	if !found {
		return unasked(fmt.Sprintf("%s is no workload of the snapshot", workload), t)[0]
	}
	to := target{host: "the address of " + server.String(), namespace: server.Namespace, kind: Pods, endpoints: []endpoint{ownEndpoint(server, port)}}
	declared, _ := s.inbound(server, port, to)
	to.port = Port{Number: port, Workload: port, Protocol: declared}
	return rest(s.askTarget(from, to, "", nil, declared, t), &from, &to, nil)[0]
}

// askTarget answers for each endpoint of a target that was found. At an undeclared port the application speaks HTTP.
func (s Snapshot) askTarget(client Workload, to target, subset string, offer *Offer, speaks hop.Protocol, t usedRules) []EndpointAnswer {
	if client.Ambient {
		return unasked(ambient(client), t)
	}
	speaks = orHTTP(speaks)
	if offer != nil || !client.HasProxy {
		sent := plain(speaks)
		if offer != nil {
			sent = s.probe(client, *offer, speaks)
		}
		bare := Client{Mode: NoProxy, Rule: ClientNoProxy}
		return s.each(client, to, to.endpoints, t, bare, func(endpoint, usedRules) (Client, connection) { return bare, sent })
	}
	if capture := s.outbound(client, to); capture.Unknown {
		return unasked(fmt.Sprintf("whether the proxy of %s gets its connections to %s is not known: %s", client, to.host, capture.Why), t)
	} else if !capture.Taken {
		return s.past(client, to, speaks, capture.Why, t)
	}
	if to.kind == Pods {
		return s.byAddress(client, to, speaks, "", t)
	}
	seen := s.importing(client, to, t)
	switch {
	case seen.unknown != "":
		return unasked(seen.unknown, t)
	case !seen.in:
		return s.byAddress(client, to, speaks, seen.by, t)
	}
	return s.byName(client, to, to.endpoints, subset, speaks, t)
}

// byName answers for requests that the client's proxy sends by the cluster of the target, to some of its endpoints.
func (s Snapshot) byName(client Workload, to target, endpoints []endpoint, subset string, speaks hop.Protocol, t usedRules) []EndpointAnswer {
	way, stopped := s.route(client, to, subset, t)
	if stopped != nil {
		return rest(unreached(way.Client, stopped, t), &client, &to, &way)
	}
	if own := s.sidecarOf(client, usedRules{}); own != nil && way.destination != nil && foreign(*own, client.Namespace, way.destination.namespace) {
		t.use(SidecarRules)
	}
	// A cluster of original destinations picks nothing, not even by subset.
	if way.subset != nil && !way.originalDst {
		endpoints = slices.DeleteFunc(slices.Clone(endpoints), func(e endpoint) bool { return !selects(way.labels(), e.labels) })
	}
	return rest(s.each(client, to, endpoints, t, way.Client, func(e endpoint, t usedRules) (Client, connection) {
		own := way
		sent := s.send(client, to, &own, e, speaks, t)
		return own.Client, sent
	}), &client, &to, &way)
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

// each answers for every endpoint.
func (s Snapshot) each(client Workload, to target, endpoints []endpoint, t usedRules, general Client, send func(endpoint, usedRules) (Client, connection)) []EndpointAnswer {
	if general.Mode == NoProxy {
		t.use(general.Rule)
	}
	if len(endpoints) == 0 {
		return unreached(general, refused(hop.NoEndpoint, fmt.Sprintf("%s has no endpoint that %s may use", to.host, client)), t)
	}
	var answers []EndpointAnswer
	for i, endpoint := range endpoints {
		own := maps.Clone(t)
		mode, sent := send(endpoint, own)
		own.use(mode.Rule)
		server, became := s.evaluateServer(endpoint, to, sent, own)
		if why := s.elsewhere(client, endpoint); why != "" {
			server, became = Server{}, undecided(why)
		}
		answer := EndpointAnswer{Answer: finish(server, mode, became, own), Endpoint: endpoint.name(), Address: endpoint.address, Port: endpoint.port}
		answer.grounds = grounds{server: &endpoints[i], serving: became.serving}
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
