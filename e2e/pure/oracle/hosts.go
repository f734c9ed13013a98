package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Host is a name that the mesh knows, and the ports behind it.
type Host struct {
	Name      string
	Namespace string // of the Service or ServiceEntry
	Ports     []Port // of TCP, by their numbers
	Entry     bool   // a ServiceEntry made it
	Headless  bool   // its name leads to the addresses of its pods
	// Addresses are its own; none of a headless one, and where they are not known.
	Addresses []netip.Addr
}

// Hosts lists all hosts that the mesh knows, sorted by name: Services, and hosts of ServiceEntries without a wildcard. An
// ExternalName does not count as a host.
func (s Snapshot) Hosts() []Host {
	var all []Host
	for _, service := range s.Services {
		if service.Kind == ClusterIP || service.Kind == Headless {
			all = append(all, s.hostOf(service))
		}
	}
	for _, entry := range s.ServiceEntries {
		for _, name := range entry.Spec.GetHosts() {
			if strings.HasPrefix(name, "*") {
				continue
			}
			host := Host{Name: name, Namespace: entry.Namespace, Entry: true, Addresses: entryAddresses(entry.Spec.GetAddresses())}
			for _, port := range entry.Spec.GetPorts() {
				host.Ports = append(host.Ports, s.entryTarget(entry, name, port, usedRules{}).port)
			}
			all = append(all, host)
		}
	}
	slices.SortFunc(all, func(a, b Host) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace)) })
	return slices.CompactFunc(all, func(a, b Host) bool { return a.Name == b.Name })
}

// entryAddresses are those of a ServiceEntry that are single addresses.
func entryAddresses(texts []string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			all = append(all, address)
		}
	}
	return all
}

func (s Snapshot) hostOf(service Service) Host {
	ports := slices.Clone(service.Ports)
	slices.SortFunc(ports, func(a, b Port) int { return cmp.Compare(a.Number, b.Number) })
	return Host{
		Name: s.hostName(service), Namespace: service.Namespace, Ports: ports, Headless: service.Kind == Headless, Addresses: service.Addresses,
	}
}

// Host finds a host by NAME in the given namespace, by NAME.NAMESPACE, by NAME.NAMESPACE.svc or by its full name. An
// ExternalName is resolved to its target.
func (s Snapshot) Host(name, namespace string) (Host, error) {
	asked := name
	for range maxAliases {
		service, found := s.serviceOf(name, namespace)
		switch {
		case !found:
			for _, host := range s.Hosts() {
				if host.Name == name {
					return host, nil
				}
			}
			return Host{}, fmt.Errorf("%s is no service of the mesh (looked for in namespace %s; NAME.NAMESPACE names one of another)", asked, namespace)
		case service.Kind == ExternalName:
			name = service.Target
		default:
			return s.hostOf(service), nil
		}
	}
	return Host{}, fmt.Errorf("%s: its ExternalNames lead nowhere", asked)
}

func (s Snapshot) serviceOf(name, namespace string) (Service, bool) {
	name = strings.TrimSuffix(name, ".svc")
	for _, own := range s.servicesNamed(name) {
		if own.Namespace == namespace || name != own.Name {
			return own, true
		}
	}
	return Service{}, false
}

// Behind lists the workloads that answer for a host, as NAMESPACE/NAME in their order. They are ready, or get traffic all the same.
func (s Snapshot) Behind(host Host) []string {
	var all []string
	for _, port := range host.Ports {
		made, err := s.find(hop.ServicePort{Service: host.Name, Port: port.Number}, usedRules{})
		if err != nil {
			continue
		}
		for _, one := range made.endpoints {
			if one.workload != nil {
				all = append(all, one.name())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
