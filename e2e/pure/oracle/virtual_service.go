package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// meshGateway stands for all sidecars in a VirtualService's list of gateways
// (https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService-gateways).
const meshGateway = "mesh"

// nobody is the word of exportTo that hides an object from every namespace (istio/istio pkg/config/visibility/visibility.go).
const nobody = "~"

// virtualService is a VirtualService as istiod keeps it: its names are whole, and its delegates are merged in. Routes of the
// Gateway API are turned into the same.
type virtualService struct {
	Meta
	key      string          // its name at istiod, where it is made of routes of the Gateway API
	hosts    []string        // in lower case
	gateways []string        // mesh, or NAMESPACE/NAME of a Gateway
	exportTo map[string]bool // namespaces, or everywhere, or nobody
	api      bool            // made of routes of the Gateway API
	http     []httpRule
	tls      []*networking.TLSRoute
	tcp      []*networking.TCPRoute
	rules    []Rule   // that made it what it is
	notes    []string // on what istiod leaves out of it
}

// httpRule is one entry of a VirtualService's http list, and the object that it stands in.
type httpRule struct {
	*networking.HTTPRoute
	by Meta
}

// virtualServices are those of a snapshot, each list with the oldest first.
type virtualServices struct {
	byGateway map[string][]*virtualService // by NAMESPACE/NAME of a Gateway
	byHost    map[string][]*virtualService // of the mesh, by exact host
	wild      []*virtualService            // of the mesh, those with a wildcard among their hosts
}

// virtualServices returns what istiod makes of the snapshot's routes; once for an indexed snapshot.
func (s Snapshot) virtualServices() *virtualServices {
	if s.index != nil {
		return s.index.virtualServices(s.makeVirtualServices)
	}
	return s.makeVirtualServices()
}

func (s Snapshot) makeVirtualServices() *virtualServices {
	var all []*virtualService
	for _, object := range s.VirtualServices {
		if len(object.Spec.GetHosts()) > 0 {
			all = append(all, s.ownVirtualService(object))
		}
	}
	all = append(all, s.apiVirtualServices()...)
	slices.SortStableFunc(all, older)
	made := &virtualServices{byGateway: map[string][]*virtualService{}, byHost: map[string][]*virtualService{}}
	for _, r := range all {
		for _, gateway := range r.gateways {
			if gateway == meshGateway {
				made.addToMesh(r)
				continue
			}
			made.byGateway[gateway] = append(made.byGateway[gateway], r)
		}
	}
	return made
}

func (all *virtualServices) addToMesh(r *virtualService) {
	for _, host := range r.hosts {
		if !strings.HasPrefix(host, "*") {
			all.byHost[host] = append(all.byHost[host], r)
		}
	}
	if slices.ContainsFunc(r.hosts, func(host string) bool { return strings.HasPrefix(host, "*") }) {
		all.wild = append(all.wild, r)
	}
}

// older orders VirtualServices by age, and those of one second by their names at istiod.
func older(a, b *virtualService) int { return byAge(a.atIstiod(), b.atIstiod()) }

func (r *virtualService) atIstiod() Meta {
	meta := r.Meta
	meta.Name = cmp.Or(r.key, meta.Name)
	return meta
}

// forHost lists the VirtualServices of the mesh that a namespace sees and that have a host or a wildcard that matches it, in
// istiod's order: those that only the namespace sees, those exported to it by name, its own of the Gateway API, and the rest;
// within each the oldest first (istio/istio pilot/pkg/model/push_context.go, VirtualServicesForGateway).
func (all *virtualServices) forHost(host, namespace string) []*virtualService {
	found := slices.Clone(all.byHost[host])
	for _, r := range all.wild {
		if r.wildcard(host) != "" && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, older)
	return seenBy(found, namespace)
}

// seenBy keeps the VirtualServices that a namespace sees, in istiod's order.
func seenBy(all []*virtualService, namespace string) []*virtualService {
	seen := slices.DeleteFunc(slices.Clone(all), func(r *virtualService) bool { return r.rank(namespace) == unseen })
	slices.SortStableFunc(seen, func(a, b *virtualService) int { return cmp.Compare(a.rank(namespace), b.rank(namespace)) })
	return seen
}

// The places of a VirtualService in istiod's order for a namespace.
const (
	onlyHere = iota // seen by its own namespace alone, or by few of which that is one
	exportedByName
	ownOfAPI
	seenEverywhere
	unseen
)

// rank is the VirtualService's place in istiod's order for a namespace.
func (r *virtualService) rank(namespace string) int {
	switch {
	case r.exportTo[everywhere] && r.api && r.Namespace == namespace:
		return ownOfAPI
	case r.exportTo[everywhere]:
		return seenEverywhere
	case r.exportTo[nobody] || !r.exportTo[namespace]:
		return unseen
	case r.Namespace == namespace:
		return onlyHere
	}
	return exportedByName
}

// has reports whether the host itself is among the VirtualService's hosts.
func (r *virtualService) has(host string) bool { return slices.Contains(r.hosts, host) }

// wildcard is the longest of the VirtualService's wildcards that matches a host; empty for none.
func (r *virtualService) wildcard(host string) string {
	longest := ""
	for _, own := range r.hosts {
		if rest, wild := strings.CutPrefix(own, "*"); wild && strings.HasSuffix(host, rest) && len(own) > len(longest) {
			longest = own
		}
	}
	return longest
}

// ownVirtualService reads a VirtualService (istio/istio pilot/pkg/model/virtualservice.go, ResolveVirtualServiceShortnames).
func (s Snapshot) ownVirtualService(object Object[*networking.VirtualService]) *virtualService {
	spec := object.Spec
	r := &virtualService{
		Meta: object.Meta, gateways: []string{meshGateway}, exportTo: s.routeExportTo(object),
		tls: spec.GetTls(), tcp: spec.GetTcp(),
	}
	for _, host := range spec.GetHosts() {
		whole := s.wholeHost(host, object.Namespace)
		if whole != host {
			r.rules = append(r.rules, RouteShortName)
		}
		r.hosts = append(r.hosts, strings.ToLower(whole))
	}
	if len(spec.GetGateways()) > 0 {
		r.gateways = gatewayNames(spec.GetGateways(), object.Namespace)
	}
	for _, rule := range spec.GetHttp() {
		if rule.GetDelegate() == nil {
			r.http = append(r.http, httpRule{HTTPRoute: rule, by: object.Meta})
			continue
		}
		r.rules = append(r.rules, RouteDelegate)
		delegated, note := s.delegated(rule, object.Meta)
		if note != "" {
			r.notes = append(r.notes, note)
		}
		r.http = append(r.http, delegated...)
	}
	return r
}

// wholeHost gives a name without dots its namespace (istio/istio pilot/pkg/model/config.go, ResolveShortnameToFQDN).
func (s Snapshot) wholeHost(host, namespace string) string {
	if _, err := netip.ParseAddr(host); err == nil || host == "" || strings.Contains(host, ".") || strings.HasPrefix(host, "*") {
		return host
	}
	return s.Mesh.hostName(host, namespace)
}

// routeExportTo is where a VirtualService is seen: its own exportTo, else the mesh's default, else everywhere.
func (s Snapshot) routeExportTo(object Object[*networking.VirtualService]) map[string]bool {
	given := object.Spec.GetExportTo()
	if len(given) == 0 {
		given = s.Mesh.ExportRoutes
	}
	if len(given) == 0 {
		given = []string{everywhere}
	}
	to := map[string]bool{}
	for _, namespace := range given {
		if namespace == here {
			namespace = object.Namespace
		}
		to[namespace] = true
	}
	return to
}

// gatewayNames resolves names of Gateways as istiod does: NAME, ./NAME, NAMESPACE/NAME, and NAME.NAMESPACE of old versions
// (istio/istio pilot/pkg/model/config.go, resolveGatewayName).
func gatewayNames(names []string, namespace string) []string {
	var all []string
	for _, name := range names {
		switch before, after, found := strings.Cut(name, "/"); {
		case name == meshGateway:
		case found && before == here:
			name = namespace + "/" + after
		case found:
		case strings.Contains(name, "."):
			words := strings.SplitN(name, ".", 3)
			name = words[1] + "/" + words[0]
		default:
			name = namespace + "/" + name
		}
		all = append(all, name)
	}
	return all
}

// delegated merges the routes of a delegate into the rule that names it; a note where istiod leaves the rule out
// (istio/istio pilot/pkg/model/virtualservice_controller.go, mergeVirtualServices).
func (s Snapshot) delegated(rule *networking.HTTPRoute, root Meta) ([]httpRule, string) {
	namespace := cmp.Or(rule.GetDelegate().GetNamespace(), root.Namespace)
	name := rule.GetDelegate().GetName()
	i := slices.IndexFunc(s.VirtualServices, func(v Object[*networking.VirtualService]) bool {
		return v.Namespace == namespace && v.Name == name && len(v.Spec.GetHosts()) == 0
	})
	if i < 0 {
		return nil, fmt.Sprintf("%s delegates to %s/%s, which is no VirtualService without hosts: the route is left out", root, namespace, name)
	}
	delegate := s.VirtualServices[i]
	if to := s.routeExportTo(delegate); !to[everywhere] && !to[root.Namespace] {
		return nil, fmt.Sprintf("%s delegates to %s, which is not exported to its namespace: the route is left out", root, delegate.Meta)
	}
	var all []httpRule
	var left []string
	for i, own := range delegate.Spec.GetHttp() {
		merged := mergeDelegate(rule, s.resolved(own, delegate.Namespace))
		if merged == nil {
			left = append(left, fmt.Sprintf("http[%d]", i))
			continue
		}
		all = append(all, httpRule{HTTPRoute: merged, by: root})
	}
	if len(left) > 0 {
		return all, fmt.Sprintf("%s: %s of its delegate %s are left out, for their conditions are no subset of its own", root, strings.Join(left, ", "), delegate.Meta)
	}
	return all, ""
}
