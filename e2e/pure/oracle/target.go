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

// istioMode is the tlsMode of an endpoint that takes Istio's mTLS; disabledMode of one that does not.
const (
	istioMode    = "istio"
	disabledMode = "disabled"
)

// target is a service port as a client's proxy knows it.
type target struct {
	host      string
	namespace string
	kind      ServiceKind
	port      Port
	entry     bool     // made by a ServiceEntry
	object    string   // that made it, as KIND NAMESPACE/NAME
	exportTo  []string // as the object says; none where it does not
	alias     string   // the host of the ExternalName by which it is asked for; empty for its own host
	unlisted  bool     // its endpoints are not known
	external  bool     // outside the mesh, so the ServiceEntry says
	// passing is true where the client's own choice of address counts.
	passing   bool
	names     []string     // subjectAltNames of a ServiceEntry
	addresses []netip.Addr // that the name resolves to, where the client dials none of the endpoints
	endpoints []endpoint
}

// endpoint is one address behind a service port.
type endpoint struct {
	workload *Workload // nil for one that the snapshot does not know
	port     uint16    // the workload's
	// What the registry holds of it, which is not always the workload's own.
	namespace string
	labels    map[string]string
	mode      string
	account   string
	named     bool // by a ServiceEntry's endpoint
}

// find resolves a service port, through an ExternalName where it is one.
func (s Snapshot) find(to hop.ServicePort, t usedRules) (target, error) {
	alias := ""
	for range maxAliases {
		service, found := s.service(to.Service)
		if !found {
			return s.findEntry(to, t)
		}
		if service.Kind == ExternalName {
			t.use(ServiceAlias)
			alias = cmp.Or(alias, s.hostName(service))
			to.Service = service.Target
			continue
		}
		i := slices.IndexFunc(service.Ports, func(p Port) bool { return p.Number == to.Port })
		if i < 0 {
			return target{}, fmt.Errorf("service %s has no port %d", s.hostName(service), to.Port)
		}
		made := target{
			host: s.hostName(service), namespace: service.Namespace, kind: service.Kind, port: service.Ports[i],
			passing: service.Kind == Headless, unlisted: service.Unselected, addresses: service.Addresses,
			object: "Service " + service.String(), exportTo: service.ExportTo, alias: alias,
		}
		for _, workload := range s.behind(service) {
			made.endpoints = append(made.endpoints, ownEndpoint(workload, made.port.at(workload)))
		}
		return made, nil
	}
	return target{}, fmt.Errorf("%s: its ExternalNames lead nowhere", to)
}

// maxAliases bounds ExternalNames that stand for ExternalNames.
const maxAliases = 8

// service finds a service by NAME, NAME.NAMESPACE or host; of two of one name the namespace that sorts first.
func (s Snapshot) service(name string) (Service, bool) {
	all := s.servicesNamed(name)
	slices.SortFunc(all, func(a, b Service) int { return cmp.Compare(a.Namespace, b.Namespace) })
	if len(all) == 0 {
		return Service{}, false
	}
	return all[0], true
}

// behind lists the workloads of a service, in the order of their names.
func (s Snapshot) behind(service Service) []Workload {
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

// ownEndpoint is a workload as the registry knows it by its pod.
func ownEndpoint(workload Workload, port uint16) endpoint {
	mode, given := workload.Labels[tlsModeLabel]
	if !given {
		mode = disabledMode
	}
	return endpoint{
		workload: &workload, port: port, namespace: workload.Namespace, labels: workload.Labels, mode: mode,
		account: workload.ServiceAccount,
	}
}

// findEntry resolves a host of a ServiceEntry.
func (s Snapshot) findEntry(to hop.ServicePort, t usedRules) (target, error) {
	entries := sortedByAge(s.ServiceEntries, func(e Object[*networking.ServiceEntry]) bool {
		return slices.Contains(e.Spec.GetHosts(), to.Service)
	})
	if len(entries) == 0 {
		return target{}, fmt.Errorf("%s is no service of the snapshot", to.Service)
	}
	for _, port := range entries[0].Spec.GetPorts() {
		if port.GetNumber() == uint32(to.Port) {
			return s.entryTarget(entries[0], to.Service, port, t), nil
		}
	}
	return target{}, fmt.Errorf("%s has no port %d", entries[0].Meta, to.Port)
}

// entryTarget reads a ServiceEntry's port (https://istio.io/latest/docs/reference/config/networking/service-entry/).
func (s Snapshot) entryTarget(entry Object[*networking.ServiceEntry], host string, port *networking.ServicePort, t usedRules) target {
	spec := entry.Spec
	workload := uint16(port.GetTargetPort())
	if workload == 0 {
		workload = uint16(port.GetNumber())
	}
	made := target{
		host: host, namespace: entry.Namespace, kind: ClusterIP, entry: true, names: spec.GetSubjectAltNames(),
		port: Port{
			Name: port.GetName(), Number: uint16(port.GetNumber()), Workload: workload, Protocol: declaredProtocol(port.GetProtocol()),
		},
		external: spec.GetLocation() == networking.ServiceEntry_MESH_EXTERNAL,
		passing:  spec.GetResolution() == networking.ServiceEntry_NONE,
		object:   entry.String(), exportTo: spec.GetExportTo(),
	}
	if made.external {
		t.use(EntryExternal)
	} else {
		t.use(EntryInternal)
	}
	if selector := spec.GetWorkloadSelector().GetLabels(); len(selector) > 0 {
		for _, w := range s.workloadsIn(entry.Namespace) {
			if selects(selector, w.Labels) {
				made.endpoints = append(made.endpoints, ownEndpoint(w, workload))
			}
		}
		return made
	}
	endpoints := spec.GetEndpoints()
	if len(endpoints) == 0 && !made.passing {
		endpoints = []*networking.WorkloadEntry{{Address: host}}
	}
	for _, named := range endpoints {
		at := workload
		if own, given := named.GetPorts()[port.GetName()]; given {
			at = uint16(own)
		}
		for _, real := range s.answering(named.GetAddress(), at) {
			real.namespace, real.labels, real.account, real.named = entry.Namespace, named.GetLabels(), named.GetServiceAccount(), true
			real.mode = entryMode(named)
			made.endpoints = append(made.endpoints, real)
		}
	}
	return made
}

// entryMode is the tlsMode of a ServiceEntry's endpoint.
func entryMode(named *networking.WorkloadEntry) string {
	if mode, given := named.GetLabels()[tlsModeLabel]; given {
		return mode
	}
	if named.GetServiceAccount() != "" {
		return istioMode
	}
	return disabledMode
}

// answering finds what answers at an address: a pod's, or a service's.
func (s Snapshot) answering(address string, port uint16) []endpoint {
	if ip, err := netip.ParseAddr(address); err == nil {
		for _, workload := range s.Workloads {
			if slices.Contains(workload.Addresses, ip) {
				return []endpoint{ownEndpoint(s.settle(workload), port)}
			}
		}
		return []endpoint{{port: port}}
	}
	if service, found := s.service(address); found && strings.Contains(address, ".") {
		for _, own := range service.Ports {
			if own.Number != port {
				continue
			}
			var all []endpoint
			for _, workload := range s.behind(service) {
				all = append(all, ownEndpoint(workload, own.at(workload)))
			}
			return all
		}
	}
	return []endpoint{{port: port}}
}

// inbound tells what a workload's port declares, by the services that stand before it.
func (s Snapshot) inbound(workload Workload, port uint16, asked target) (declared hop.Protocol, inService bool) {
	if !asked.entry && asked.kind != Pods && asked.port.at(workload) == port {
		return asked.port.Protocol, true
	}
	services := slices.Clone(s.Services)
	slices.SortFunc(services, func(a, b Service) int { return cmp.Compare(s.hostName(a), s.hostName(b)) })
	for _, service := range services {
		if service.Kind == ExternalName || service.Kind == Pods {
			continue
		}
		for _, behind := range s.behind(service) {
			if behind.String() != workload.String() {
				continue
			}
			for _, own := range service.Ports {
				if own.at(behind) == port {
					return own.Protocol, true
				}
			}
		}
	}
	return hop.Auto, false
}
