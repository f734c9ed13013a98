package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// RegisteredEndpoint is one address that the objects give a service port.
type RegisteredEndpoint struct {
	Address  netip.AddrPort // of the workload; its port alone where the snapshot does not hold the address
	Workload string         // that answers there, as NAMESPACE/NAME; empty where it is not known
	Source   string         // the object that lists it, as KIND NAMESPACE/NAME
	Health   Health
}

// Registered lists the addresses that the objects give a service port, for a comparison with those that a client's proxy holds.
// Where the two cannot be compared it returns the reason: the proxy goes to the address that its client chose or that DNS tells,
// or the objects do not tell all. A port that the snapshot does not hold is an error that names it.
func (s Snapshot) Registered(client Workload, to hop.ServicePort) (all []RegisteredEndpoint, incomparable string, err error) {
	made, err := s.find(to, usedRules{})
	if err != nil {
		return nil, "", err
	}
	switch {
	case made.unlisted:
		return nil, unlistedReason(made.host), nil
	case made.passing && !client.Gateway:
		return nil, fmt.Sprintf("a sidecar goes to the address of %s that its application chose", made.host), nil
	case made.byName:
		return nil, fmt.Sprintf("the proxy asks DNS for the addresses of %s", made.host), nil
	case made.ofNode:
		return nil, fmt.Sprintf("%s has internalTrafficPolicy Local: a proxy is sent the endpoints of its own node", made.host), nil
	}
	for _, one := range made.registered {
		told := RegisteredEndpoint{Address: netip.AddrPortFrom(one.address, one.port), Source: one.source, Health: one.health}
		if one.workload != nil {
			told.Workload = one.workload.String()
		}
		if s.elsewhere(client, one) != "" {
			return nil, fmt.Sprintf("%s has endpoints of another network, which a proxy may reach by a gateway", made.host), nil
		}
		all = append(all, told)
	}
	return all, "", nil
}

func unlistedReason(host string) string {
	return fmt.Sprintf("service %s has no selector, and the snapshot holds no EndpointSlice of it", host)
}

// unlisted is true of a Service whose endpoints only slices could tell, and the snapshot holds none of it.
func (s Snapshot) unlisted(service Service) bool {
	return service.Unselected && len(service.Members) == 0 && len(s.slicesOf(service)) == 0
}

// registered are the endpoints of a Service's port as istiod has them, of every health: those of its slices and, of a Service with
// a selector, WorkloadEntries
// (istio/istio pilot/pkg/serviceregistry/kube/controller/endpointslice.go, pushEDS; PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES).
func (s Snapshot) registered(service Service, port Port) []endpoint {
	all := s.inSlices(service, port)
	if s.selectorCounts(service) {
		for _, workload := range s.members(service) {
			made := ownEndpoint(workload, port.At(workload))
			if workload.Unready && !service.PublishesUnready {
				made.health = Unhealthy
			}
			all = append(all, made)
		}
	}
	if service.Kind == ClusterIP && len(service.Selector) > 0 {
		all = append(all, s.entries(service.Namespace, service.Selector, func(entry *networking.WorkloadEntry) (uint16, bool) { return port.ofEntry(entry) })...)
	}
	return distinctEndpoints(all)
}

// ofEntry is a WorkloadEntry's port behind a Service's: its own by the name of the target port, or of the Service's port
// (istio/istio pilot/pkg/serviceregistry/kube/controller/controller.go, serviceInstanceFromWorkloadInstance).
func (p Port) ofEntry(entry *networking.WorkloadEntry) (number uint16, found bool) {
	own, named := entry.GetPorts()[cmp.Or(p.Target, p.Name)]
	switch {
	case named:
		return uint16(own), true
	case p.Target != "":
		return 0, false
	}
	return p.Workload, true
}

// distinctEndpoints leaves one of several endpoints with the same address and port, and orders them by workload and address.
func distinctEndpoints(all []endpoint) []endpoint {
	seen := map[netip.AddrPort]bool{}
	all = slices.DeleteFunc(all, func(e endpoint) bool {
		at := netip.AddrPortFrom(e.address, e.port)
		known := e.address.IsValid() && seen[at]
		seen[at] = true
		return known
	})
	slices.SortStableFunc(all, func(a, b endpoint) int { return cmp.Or(cmp.Compare(a.name(), b.name()), a.address.Compare(b.address)) })
	return all
}

// name is the workload's; empty where it is not known.
func (e endpoint) name() string {
	if e.workload == nil {
		return ""
	}
	return e.workload.String()
}

// healthy are the endpoints that get new requests.
func healthy(all []endpoint) []endpoint {
	var kept []endpoint
	for _, one := range all {
		if one.health == Healthy {
			kept = append(kept, one)
		}
	}
	return kept
}

// members lists the workloads that a service selects, in the order of their names.
func (s Snapshot) members(service Service) []Workload {
	var all []Workload
	for _, member := range service.Members {
		all = append(all, s.workloadsNamed(member)...)
	}
	if len(service.Selector) > 0 {
		for _, workload := range s.workloadsIn(service.Namespace) {
			if selects(service.Selector, workload.Labels) && !slices.Contains(service.Members, workload.String()) {
				all = append(all, workload)
			}
		}
	}
	slices.SortFunc(all, func(a, b Workload) int { return cmp.Compare(a.String(), b.String()) })
	return all
}

// fronts reports whether a workload's own proxy serves the ports of a service: by the service's selector, whatever its slices
// list (istio/istio pilot/pkg/serviceregistry/kube/controller/controller.go, GetProxyServiceTargets).
func (s Snapshot) fronts(service Service, w Workload) bool {
	if slices.Contains(service.Members, w.String()) {
		return true
	}
	return len(service.Selector) > 0 && service.Namespace == w.Namespace && selects(service.Selector, w.Labels)
}

// entries are the endpoints that WorkloadEntries of a namespace make, where a selector selects them
// (https://istio.io/latest/docs/reference/config/networking/workload-entry/). portOf is false of one without the port.
func (s Snapshot) entries(namespace string, selector map[string]string, portOf func(*networking.WorkloadEntry) (uint16, bool)) []endpoint {
	var all []endpoint
	for _, entry := range s.WorkloadEntries {
		if entry.Namespace != namespace || !selects(selector, entry.Spec.GetLabels()) {
			continue
		}
		if port, found := portOf(entry.Spec); found {
			all = append(all, s.entryEndpoints(entry.Spec, namespace, entry.String(), port)...)
		}
	}
	return all
}

// entryEndpoints are those of a WorkloadEntry, or of an endpoint that a ServiceEntry lists. The registry knows them by what the
// entry says; what answers is the pod that has the address, where one has.
func (s Snapshot) entryEndpoints(entry *networking.WorkloadEntry, namespace, source string, port uint16) []endpoint {
	all := s.answering(entry.GetAddress(), source, port)
	for i := range all {
		one := &all[i]
		one.namespace, one.labels, one.account, one.named = namespace, entry.GetLabels(), entry.GetServiceAccount(), true
		one.mode, one.source, one.network = entryMode(entry), source, entry.GetNetwork()
		one.doubtful = one.doubtful || one.workload == nil && one.mode == istioMode
	}
	return all
}

// answering finds what answers at an address: a pod's, or a service's.
func (s Snapshot) answering(address, source string, port uint16) []endpoint {
	unknown := endpoint{port: port, health: Healthy, outside: fmt.Sprintf("%s of %s is no pod of the cluster", address, source)}
	if ip, err := netip.ParseAddr(address); err == nil {
		unknown.address = ip
		switch holders := s.Holders(ip); len(holders) {
		case 0:
		case 1:
			made := ownEndpoint(holders[0], port)
			made.address = ip
			return []endpoint{made}
		default:
			unknown.outside, unknown.doubtful = fmt.Sprintf("%s of %s is the address of several pods, %s and %s among them", address, source, holders[0], holders[1]), true
		}
		return []endpoint{unknown}
	}
	if service, found := s.service(address); found && strings.Contains(address, ".") {
		for _, own := range service.Ports {
			if own.Number == port {
				return healthy(s.registered(service, own))
			}
		}
	}
	return []endpoint{unknown}
}
