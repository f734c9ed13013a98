package oracle

import (
	"net/netip"
	"sync"

	"mtls.test/conformance/e2e/pure/hop"
)

// index speeds up lookups in a snapshot that no longer changes. Without an index each answer searches the whole snapshot.
type index struct {
	workloads map[string][]Workload     // settled, by NAME and by NAMESPACE/NAME
	within    map[string][]Workload     // settled, by namespace
	services  map[string][]Service      // by NAME, by NAME.NAMESPACE and by host
	peers     map[string][]peer         // by namespace
	rules     map[string][]rule         // by namespace
	sidecars  map[string][]sidecar      // by namespace
	slices    map[string][]Slice        // by the NAMESPACE/NAME of their Service
	addresses map[netip.Addr][]Workload // settled

	mu     sync.Mutex
	merged map[lookupScope]*destinations

	resolving sync.RWMutex
	resolved  map[hop.ServicePort]resolved // of those that the snapshot holds

	routes sync.Once
	routed *virtualServices
}

// Indexed returns the snapshot for many questions: in a mesh of a thousand services each is answered in microseconds.
// It is safe for concurrent use as long as nothing of it is changed.
func (s Snapshot) Indexed() Snapshot {
	made := &index{
		workloads: map[string][]Workload{}, within: map[string][]Workload{}, services: map[string][]Service{},
		peers: map[string][]peer{}, rules: map[string][]rule{}, sidecars: map[string][]sidecar{},
		slices: map[string][]Slice{}, addresses: map[netip.Addr][]Workload{}, merged: map[lookupScope]*destinations{},
		resolved: map[hop.ServicePort]resolved{},
	}
	for _, own := range s.Workloads {
		own = s.settle(own)
		for _, name := range []string{own.Name, own.String()} {
			made.workloads[name] = append(made.workloads[name], own)
		}
		made.within[own.Namespace] = append(made.within[own.Namespace], own)
		for _, address := range own.Addresses {
			made.addresses[address] = append(made.addresses[address], own)
		}
	}
	for _, own := range s.Services {
		for _, name := range s.names(own) {
			made.services[name] = append(made.services[name], own)
		}
	}
	for _, own := range s.Slices {
		service := own.Namespace + "/" + own.Service
		made.slices[service] = append(made.slices[service], own)
	}
	for _, own := range s.PeerAuthentications {
		made.peers[own.Namespace] = append(made.peers[own.Namespace], own)
	}
	for _, own := range join(s.DestinationRules, s.backendRules()) {
		made.rules[own.Namespace] = append(made.rules[own.Namespace], own)
	}
	for _, own := range s.Sidecars {
		made.sidecars[own.Namespace] = append(made.sidecars[own.Namespace], own)
	}
	s.index = made
	return s
}

// destinations returns the merged rules of a scope; each scope is merged once.
func (i *index) destinations(where lookupScope, merge func(lookupScope) *destinations) *destinations {
	i.mu.Lock()
	defer i.mu.Unlock()
	found, known := i.merged[where]
	if !known {
		found = merge(where)
		i.merged[where] = found
	}
	return found
}

// resolved is a target, and the rules by which it was found.
type resolved struct {
	target target
	rules  []Rule
}

// target returns what a service port is found to be, and uses the rules by which it was found.
func (i *index) target(to hop.ServicePort, t usedRules, resolve func(hop.ServicePort, usedRules) (target, error)) (target, error) {
	i.resolving.RLock()
	known, found := i.resolved[to]
	i.resolving.RUnlock()
	if !found {
		used := usedRules{}
		made, err := resolve(to, used)
		known = resolved{made, used.sorted()}
		if err != nil {
			t.use(known.rules...)
			return made, err
		}
		i.resolving.Lock()
		i.resolved[to] = known
		i.resolving.Unlock()
	}
	t.use(known.rules...)
	return known.target, nil
}

// virtualServices returns what istiod makes of the routes; it is made once.
func (i *index) virtualServices(build func() *virtualServices) *virtualServices {
	i.routes.Do(func() { i.routed = build() })
	return i.routed
}

// names are those by which a service is asked for.
func (s Snapshot) names(service Service) []string {
	return []string{service.Name, service.Name + "." + service.Namespace, s.hostName(service)}
}

func (s Snapshot) workloadsNamed(name string) []Workload {
	if s.index != nil {
		return s.index.workloads[name]
	}
	return s.settled(func(w Workload) bool { return name == w.Name || name == w.String() })
}

func (s Snapshot) workloadsIn(namespace string) []Workload {
	if s.index != nil {
		return s.index.within[namespace]
	}
	return s.settled(func(w Workload) bool { return w.Namespace == namespace })
}

// Settled are the workloads, with what their namespaces decide for them.
func (s Snapshot) Settled() []Workload { return s.settled(func(Workload) bool { return true }) }

func (s Snapshot) settled(keep func(Workload) bool) []Workload {
	var all []Workload
	for _, own := range s.Workloads {
		if keep(own) {
			all = append(all, s.settle(own))
		}
	}
	return all
}

func (s Snapshot) servicesNamed(name string) []Service {
	if s.index != nil {
		return append([]Service(nil), s.index.services[name]...)
	}
	var all []Service
	for _, own := range s.Services {
		if name == own.Name || name == own.Name+"."+own.Namespace || name == s.hostName(own) {
			all = append(all, own)
		}
	}
	return all
}

func (s Snapshot) peersIn(namespace string) []peer {
	if s.index != nil {
		return s.index.peers[namespace]
	}
	return in(s.PeerAuthentications, namespace)
}

func (s Snapshot) rulesIn(namespace string) []rule {
	if s.index != nil {
		return s.index.rules[namespace]
	}
	return in(join(s.DestinationRules, s.backendRules()), namespace)
}

func (s Snapshot) sidecarsIn(namespace string) []sidecar {
	if s.index != nil {
		return s.index.sidecars[namespace]
	}
	return in(s.Sidecars, namespace)
}

func in[Spec any](objects []Object[Spec], namespace string) []Object[Spec] {
	var all []Object[Spec]
	for _, own := range objects {
		if own.Namespace == namespace {
			all = append(all, own)
		}
	}
	return all
}
