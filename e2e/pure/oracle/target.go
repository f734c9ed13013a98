package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

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
	// registered are the endpoints of every health, of which the healthy ones are the target's.
	registered []endpoint
	byName     bool // DNS tells its addresses
	ofNode     bool // a client uses the endpoints of its own node alone
}

// register gives the target its endpoints.
func (t *target) register(all []endpoint) { t.registered, t.endpoints = all, healthy(all) }

// endpoint is one address behind a service port.
type endpoint struct {
	workload *Workload  // nil for one that the snapshot does not know
	port     uint16     // the workload's
	address  netip.Addr // zero where the snapshot does not hold it
	source   string     // the object that lists it, as KIND NAMESPACE/NAME
	health   Health
	outside  string // what is known of one without a workload
	doubtful bool   // true where a workload may be behind it, and none was found
	// What the registry holds of it, which is not always the workload's own.
	namespace string
	labels    map[string]string
	mode      string
	account   string
	network   string // that an entry names
	named     bool   // by a ServiceEntry's endpoint, or by a WorkloadEntry
}

// find is resolve; a snapshot that is indexed resolves each service port once. Nobody changes a target's lists.
func (s Snapshot) find(to hop.ServicePort, t usedRules) (target, error) {
	if s.index == nil {
		return s.resolve(to, t)
	}
	return s.index.target(to, t, s.resolve)
}

// resolve finds a service port, through an ExternalName where it is one.
func (s Snapshot) resolve(to hop.ServicePort, t usedRules) (target, error) {
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
			passing: service.Kind == Headless, unlisted: s.unlisted(service), addresses: service.Addresses,
			object: "Service " + service.String(), exportTo: service.ExportTo, alias: alias,
		}
		made.ofNode = service.NodeLocal
		made.register(s.registered(service, made.port))
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

// ownEndpoint is a workload as the registry knows it by its pod.
func ownEndpoint(workload Workload, port uint16) endpoint {
	mode, given := workload.Labels[tlsModeLabel]
	if !given {
		mode = disabledMode
	}
	made := endpoint{
		workload: &workload, port: port, source: "Pod " + workload.String(), health: Healthy, namespace: workload.Namespace, labels: workload.Labels, mode: mode,
		account: workload.ServiceAccount,
	}
	if len(workload.Addresses) > 0 {
		made.address = workload.Addresses[0]
	}
	return made
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
		made.register(s.selectedByEntry(entry, selector, made.port))
		return made
	}
	made.byName = spec.GetResolution() == networking.ServiceEntry_DNS || spec.GetResolution() == networking.ServiceEntry_DNS_ROUND_ROBIN
	endpoints := spec.GetEndpoints()
	if len(endpoints) == 0 && !made.passing {
		endpoints = []*networking.WorkloadEntry{{Address: host}}
	}
	var all []endpoint
	for _, named := range endpoints {
		at := workload
		if own, given := named.GetPorts()[port.GetName()]; given {
			at = uint16(own)
		}
		all = append(all, s.entryEndpoints(named, entry.Namespace, entry.String(), at)...)
	}
	made.register(all)
	return made
}

// selectedByEntry are the pods and WorkloadEntries that a ServiceEntry selects in its namespace. A port that one of them names
// as the ServiceEntry does stands above the ServiceEntry's targetPort
// (istio/istio pilot/pkg/serviceregistry/serviceentry/conversion.go, convertWorkloadInstanceToServiceInstance).
func (s Snapshot) selectedByEntry(entry Object[*networking.ServiceEntry], selector map[string]string, port Port) []endpoint {
	var all []endpoint
	for _, w := range s.workloadsIn(entry.Namespace) {
		if !selects(selector, w.Labels) || w.Unready {
			continue
		}
		at := port.Workload
		if own, named := w.Ports[port.Name]; named && port.Name != "" {
			at = own
		}
		all = append(all, ownEndpoint(w, at))
	}
	return distinctEndpoints(append(all, s.entries(entry.Namespace, selector, func(own *networking.WorkloadEntry) (uint16, bool) {
		if at := own.GetPorts()[port.Name]; at > 0 {
			return uint16(at), true
		}
		return port.Workload, true
	})...))
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

// inbound tells what a workload's port declares, by the services that stand before it.
func (s Snapshot) inbound(workload Workload, port uint16, asked target) (declared hop.Protocol, inService bool) {
	if service, found := s.service(asked.host); found && !asked.entry && asked.kind != Pods && s.fronts(service, workload) && asked.port.At(workload) == port {
		return asked.port.Protocol, true
	}
	services := slices.Clone(s.Services)
	slices.SortFunc(services, func(a, b Service) int { return cmp.Compare(s.hostName(a), s.hostName(b)) })
	for _, service := range services {
		if service.Kind == ExternalName || service.Kind == Pods {
			continue
		}
		if !s.fronts(service, workload) {
			continue
		}
		for _, own := range service.Ports {
			if own.At(workload) == port {
				return own.Protocol, true
			}
		}
	}
	return hop.Auto, false
}
