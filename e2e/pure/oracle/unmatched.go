package oracle

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// byAddress answers for requests that no cluster of the target takes: to a pod's own address, or to a service that hides, an
// object as KIND NAMESPACE/NAME, keeps from the client's proxy. They go to an address that the proxy does not know. Behind a
// Service's address kube-proxy picks any endpoint, so there is an answer for each
// (https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/#unmatched-traffic).
func (s Snapshot) byAddress(client Workload, to target, speaks hop.Protocol, hides string, t usedRules) []EndpointAnswer {
	switch {
	case client.Gateway:
		t.use(GatewayNoPassthrough)
		return unreached(Client{Mode: Disable, Object: hides, Rule: GatewayNoPassthrough}, refused(hop.NoCluster, noClusterOf(to)), t)
	case to.entry:
		return unasked(fmt.Sprintf("%s keeps %s from %s: where its name leads without the mesh is not in the snapshot", hides, to.host, client), t)
	}
	var answers []EndpointAnswer
	for _, e := range to.endpoints {
		for _, answer := range s.toAddress(client, to, e, speaks, hides, maps.Clone(t)) {
			if answer.Endpoint == "" && e.workload != nil {
				// Nothing comes there, but it is where the request was for.
				answer.Endpoint, answer.Port, answer.Address = e.workload.String(), e.port, e.address
			}
			answers = append(answers, answer)
		}
	}
	if len(answers) == 0 {
		return s.each(client, to, nil, t, Client{Mode: Disable, Object: hides, Rule: PassthroughCluster}, nil)
	}
	if hides != "" {
		for i := range answers {
			answers[i].Why = fmt.Sprintf("%s keeps %s from %s, %s: %s", hides, to.host, client, leaves(answers[i].Client.Rule), answers[i].Why)
		}
	}
	return answers
}

// leaves says what the client's proxy does with a request for what it does not know.
func leaves(rule Rule) string {
	switch rule {
	case PassthroughCluster:
		return "so that it leaves by PassthroughCluster"
	case RegistryOnly:
		return "so that it ends in BlackHoleCluster"
	}
	return "so that something else takes it"
}

func noClusterOf(to target) string {
	if to.kind == Pods {
		return "a gateway has no cluster for a pod's own address"
	}
	return fmt.Sprintf("%s does not export itself to the gateway's namespace", to.object)
}

// toAddress answers for one endpoint. Its address passes unchanged, unless a listener of the client's proxy takes the port.
func (s Snapshot) toAddress(client Workload, to target, e endpoint, speaks hop.Protocol, hides string, t usedRules) []EndpointAnswer {
	if taker, at := s.taking(client, to, e, t); taker != nil {
		return s.byName(client, *taker, []endpoint{at}, "", speaks, t)
	}
	out := s.outboundOf(client, t)
	switch {
	case out.registryOnly:
		t.use(RegistryOnly)
		why := "outboundTrafficPolicy is REGISTRY_ONLY, and the client's proxy does not know the address"
		return unreached(Client{Mode: Disable, Object: cmp.Or(out.by, hides), Rule: RegistryOnly}, refused(hop.Blocked, why), t)
	case out.egressProxy != "":
		t.use(SidecarEgressProxy)
		why := fmt.Sprintf("%s sends what the proxy does not know to %s, and where it goes from there is not known", out.by, out.egressProxy)
		return unreached(Client{Mode: Disable, Object: out.by, Rule: SidecarEgressProxy}, undecided(why), t)
	}
	t.use(PassthroughCluster)
	passes := Client{Mode: Disable, Object: hides, Rule: PassthroughCluster}
	return s.each(client, to, []endpoint{e}, t, passes, func(endpoint, usedRules) (Client, connection) { return passes, plain(speaks) })
}

// taking finds the target whose listener takes a client's traffic to an endpoint's port, and the endpoint as that target has
// it; nil for none. Of those that the client's proxy does not know none counts.
func (s Snapshot) taking(client Workload, to target, e endpoint, t usedRules) (*target, endpoint) {
	knows := func(taker target) bool { return s.importing(client, taker, usedRules{}).in }
	direct := to.kind == Pods || to.kind == Headless
	if direct {
		if taker, at, found := s.perPod(to.port.Number, e, knows); found {
			t.use(HeadlessPerPod)
			return &taker, at
		}
	}
	for _, entry := range sortedByAge(s.ServiceEntries, func(Object[*networking.ServiceEntry]) bool { return true }) {
		for _, port := range entry.Spec.GetPorts() {
			http := declaredProtocol(port.GetProtocol()) == hop.HTTP || declaredProtocol(port.GetProtocol()) == hop.GRPC
			if port.GetNumber() != uint32(to.port.Number) || http || len(entry.Spec.GetHosts()) == 0 || !takes(entry.Spec.GetAddresses(), direct, e) {
				continue
			}
			used := usedRules{}
			taker := s.entryTarget(entry, entry.Spec.GetHosts()[0], port, used)
			if !knows(taker) {
				continue
			}
			t.use(EntryByPort)
			maps.Copy(t, used)
			taker.endpoints = []endpoint{e}
			return &taker, e
		}
	}
	return nil, endpoint{}
}

// takes reports whether the addresses of a ServiceEntry, or the lack of any, cover the address that a client calls: an
// endpoint's own, or that of a Service, which no ServiceEntry has.
func takes(addresses []string, direct bool, e endpoint) bool {
	if len(addresses) == 0 {
		return true
	}
	return direct && e.workload != nil && slices.ContainsFunc(addresses, func(address string) bool {
		return slices.ContainsFunc(e.workload.Addresses, func(own netip.Addr) bool { return own.String() == address })
	})
}

// perPod finds the headless service that has a listener at the endpoint's own address and a port of TCP, or an undeclared one:
// such a service has a listener for each of its pods (istio/istio pilot/pkg/networking/core/listener.go,
// buildSidecarOutboundListeners). The service's port counts, for there the client calls the pod.
func (s Snapshot) perPod(port uint16, e endpoint, knows func(target) bool) (taker target, at endpoint, found bool) {
	if e.workload == nil {
		return target{}, endpoint{}, false
	}
	headless := slices.DeleteFunc(slices.Clone(s.Services), func(own Service) bool { return own.Kind != Headless })
	slices.SortFunc(headless, func(a, b Service) int { return strings.Compare(s.hostName(a), s.hostName(b)) })
	for _, service := range headless {
		taker, err := s.find(hop.ServicePort{Service: s.hostName(service), Port: port}, usedRules{})
		if err != nil || taker.port.http() && taker.port.Protocol != hop.Auto || !knows(taker) {
			continue
		}
		i := slices.IndexFunc(taker.endpoints, func(own endpoint) bool { return own.name() == e.name() })
		if i >= 0 {
			at := taker.endpoints[i]
			at.port = e.port
			return taker, at, true
		}
	}
	return target{}, endpoint{}, false
}
