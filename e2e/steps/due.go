package steps

import (
	"slices"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
)

// due lists the pushes that a change of the objects must cause, whether or not it changes what they carry, and whether
// there are objects that need cause none.
//
// A PeerAuthentication of a namespace rebuilds the listeners of its sidecars, and at clients the endpoints of its
// services; one of the root namespace rebuilds both everywhere, and the clusters (istio/istio
// pilot/pkg/xds/lds.go ldsNeedsPush, eds.go canSendPartialFullPushes, cds.go). Any other object reaches only proxies
// that depend on it, so what it is due depends on what is tested; there a marker tells.
func (p *Player) due(objects []k8s.Object) (due []mesh.Due, unsure bool) {
	for _, object := range objects {
		if object.GetObjectKind().GroupVersionKind().Kind != "PeerAuthentication" {
			unsure = true
			continue
		}
		for _, d := range p.policyDue(object.GetNamespace()) {
			if !slices.Contains(due, d) {
				due = append(due, d)
			}
		}
	}
	return due, unsure
}

// policyDue lists the pushes that a PeerAuthentication of a namespace causes.
func (p *Player) policyDue(namespace string) []mesh.Due {
	root := namespace == p.World.Placement.Root
	serves := slices.ContainsFunc(p.World.Services, func(s fixture.Service) bool { return s.Namespace == namespace })
	var due []mesh.Due
	for _, client := range p.proxies() {
		if !client.gateway && (root || client.Namespace == namespace) {
			due = append(due, mesh.Due{Proxy: client.Proxy, Type: mesh.LDS})
		}
		if !client.sends {
			continue
		}
		if root {
			due = append(due, mesh.Due{Proxy: client.Proxy, Type: mesh.CDS})
		}
		if root || serves {
			due = append(due, mesh.Due{Proxy: client.Proxy, Type: mesh.EDS})
		}
	}
	return due
}

// everything lists a push of each type to every proxy, as a change of the mesh's settings causes.
func (p *Player) everything() []mesh.Due {
	var due []mesh.Due
	for _, proxy := range p.proxies() {
		for _, t := range []mesh.ResourceType{mesh.CDS, mesh.EDS, mesh.LDS} {
			due = append(due, mesh.Due{Proxy: proxy.Proxy, Type: t})
		}
	}
	return due
}

// proxy is a proxy of the world, and what it is to others.
type proxy struct {
	mesh.Proxy
	gateway bool
	sends   bool // it is a client
}

// proxies lists every proxy of the world once, the clients first.
func (p *Player) proxies() []proxy {
	var all []proxy
	known := map[mesh.Proxy]bool{}
	for _, client := range p.World.Clients {
		place := p.Places.Clients[client.Name]
		if client.Kind != hop.Plain && place.Known() && !known[place.Proxy] {
			known[place.Proxy] = true
			all = append(all, proxy{Proxy: place.Proxy, gateway: client.Kind == hop.Gateway, sends: true})
		}
	}
	for _, place := range p.Places.Services {
		if place.Proxied && !known[place.Proxy] {
			known[place.Proxy] = true
			all = append(all, proxy{Proxy: place.Proxy})
		}
	}
	return all
}
