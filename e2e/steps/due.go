package steps

import (
	"slices"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
)

// rootNamespace is where a PeerAuthentication speaks for the whole mesh.
const rootNamespace = "istio-system"

// due lists the pushes that a change of the objects must cause, whether or not it changes what they carry.
//
// A PeerAuthentication of a namespace rebuilds the listeners of its sidecars, and at its clients the endpoints; one
// of the root namespace rebuilds both everywhere, and the clusters (istio/istio pilot/pkg/xds/lds.go ldsNeedsPush,
// eds.go canSendPartialFullPushes, cds.go). A DestinationRule rebuilds clusters and endpoints at the clients.
func (p *Player) due(objects []k8s.Object) []mesh.Due {
	var due []mesh.Due
	add := func(proxy mesh.Proxy, types ...mesh.ResourceType) {
		for _, t := range types {
			if d := (mesh.Due{Proxy: proxy, Type: t}); !slices.Contains(due, d) {
				due = append(due, d)
			}
		}
	}
	for _, object := range objects {
		kind, namespace := object.GetObjectKind().GroupVersionKind().Kind, object.GetNamespace()
		policy, root := kind == "PeerAuthentication", namespace == rootNamespace
		serves := false
		for _, service := range p.Places.Services {
			serves = serves || service.Namespace == namespace
			if policy && (root || service.Namespace == namespace) {
				add(service.Proxy, mesh.LDS)
			}
		}
		for name, client := range p.Places.Clients {
			described, _ := p.World.Client(name)
			if policy && described.Kind == hop.Sidecar && (root || client.Namespace == namespace) {
				add(client.Proxy, mesh.LDS)
			}
			switch {
			case described.Kind == hop.Plain:
			case kind == "DestinationRule" || root:
				add(client.Proxy, mesh.CDS, mesh.EDS)
			case serves:
				add(client.Proxy, mesh.EDS)
			}
		}
	}
	return due
}
