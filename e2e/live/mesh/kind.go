package mesh

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/xds"
	"mtls.test/conformance/e2e/pure/fixture"
)

// Kind is a kind of objects, by its name in the API. istiod has a watch of its own for each kind, so what it knows of one
// kind tells nothing of another (istio/istio pilot/pkg/config/kube/crdclient/client.go addCRD).
type Kind string

// MeshSettings are the mesh's settings: a ConfigMap that istiod watches by itself (SHARED_MESH_CONFIG).
const MeshSettings Kind = "MeshConfig"

// pushed is the kind whose marker every proxy depends on, for what its Sidecar lists, where it has one, includes it. A change of
// it has istiod send each proxy its routes.
const pushed Kind = "VirtualService"

// Kinds are those whose marker is an object that the mesh has, in a fixed order.
func (m *Mesh) Kinds() []Kind {
	var all []Kind
	for kind, own := range markers {
		if own.object != "" && (own.apiVersion != gatewayAPIVersion || m.place.NoGatewayAPI == "") {
			all = append(all, kind)
		}
	}
	slices.Sort(all)
	return all
}

// marker is the object of a kind whose number is raised, and where istiod shows it.
type marker struct {
	apiVersion string
	object     string // its name in the marker namespace; empty where it is none
	asker      asker  // to whom istiod sends it
	in         string // the type of resources that it is in
	read       reader
}

// asker is a proxy as which istiod is asked.
type asker string

// The askers, by the value of the label by which the markers select them.
const (
	sidecar asker = "sidecar"
	gateway asker = "gateway"
)

// gatewayAPIVersion is that of the Gateway API's kinds.
const gatewayAPIVersion = fixture.GatewayAPI + "/v1"

// markers are the objects of fixtures/base/marker, and that of fixtures/base/mesh-settings.yaml.
var markers = map[Kind]marker{
	// A chain for a port of portLevelMtls that no Service has (pilot/pkg/networking/plugin/authn/authentication.go
	// ForPassthrough).
	"PeerAuthentication": {"security.istio.io/v1", "marker", sidecar, xds.Listeners, destinationPort},
	// A principal of the RBAC filters.
	"AuthorizationPolicy": {"security.istio.io/v1", "marker", sidecar, xds.Listeners, spelled(`authorization-policy-([3-5]\d{4})`)},
	// The listener's statPrefix.
	"EnvoyFilter": {"networking.istio.io/v1alpha3", "marker", sidecar, xds.Listeners, spelled(`envoy-filter-([3-5]\d{4})`)},
	// The filter of an access log.
	"Telemetry": {"telemetry.istio.io/v1", "marker", sidecar, xds.Listeners, spelled(`telemetry-([3-5]\d{4})`)},
	// The cluster of a subset, of a port, of a host.
	"DestinationRule": {"networking.istio.io/v1", "marker", sidecar, xds.Clusters, spelled(`outbound\|80\|destination-rule-([3-5]\d{4})\|`)},
	"Service":         {"v1", "marker-port", sidecar, xds.Clusters, spelled(`outbound\|([3-5]\d{4})\|\|marker-port\.`)},
	"ServiceEntry":    {"networking.istio.io/v1", "marker", sidecar, xds.Clusters, spelled(`outbound\|80\|\|service-entry-([3-5]\d{4})\.`)},
	// The cluster of an egress proxy, to which the listener of all other traffic leads
	// (pilot/pkg/networking/core/listener_builder.go buildOutboundCatchAllNetworkFiltersOnly).
	"Sidecar": {"networking.istio.io/v1", "marker", sidecar, xds.Listeners, spelled(`outbound\|80\|sidecar-([3-5]\d{4})\|`)},
	// A route's name.
	pushed: {"networking.istio.io/v1", "marker", sidecar, xds.Routes, spelled(`virtual-service-([3-5]\d{4})`)},
	// The listener of a server's port.
	"Gateway": {"networking.istio.io/v1", "marker", gateway, xds.Listeners, spelled(`0\.0\.0\.0_([3-5]\d{4})`)},
	// What a route matches that istiod makes a VirtualService of: a path, and a header's value, for in the name of a service of
	// gRPC no word may begin with a digit. Each kind's routes go through one queue, in their order
	// (pkg/kube/krt/collection.go runQueue). The two differ in name, for of an HTTPRoute and a GRPCRoute of one name istiod
	// reads the former alone (pilot/pkg/config/kube/gateway/route_collections.go RouteWithKey).
	"HTTPRoute": {gatewayAPIVersion, "marker", sidecar, xds.Routes, spelled(`/http-route-([3-5]\d{4})`)},
	"GRPCRoute": {gatewayAPIVersion, "marker-grpc", sidecar, xds.Routes, spelled(`grpc-route-([3-5]\d{4})`)},
	// The server name of a cluster, by the DestinationRule that istiod makes of the policy.
	"BackendTLSPolicy": {gatewayAPIVersion, "marker", sidecar, xds.Clusters, spelled(`backend-tls-policy-([3-5]\d{4})`)},
	// The format of an access log.
	MeshSettings: {"", "", gateway, xds.Listeners, spelled(settingsMarker + `-([3-5]\d{4})`)},
}

// subscriptions are what istiod is asked for as each asker, for the markers to be seen.
var subscriptions = map[asker][]xds.Subscription{
	sidecar: {{Type: xds.Clusters}, {Type: xds.Listeners}, {Type: xds.Routes, Names: []string{"80"}}},
	gateway: {{Type: xds.Listeners}},
}

// unread are kinds of which nothing that istiod reads reaches a proxy by itself.
var unread = []Kind{"ServiceAccount", "ValidatingWebhookConfiguration", "ClusterRole"}

// unmarked are kinds that have no marker, and why.
var unmarked = map[Kind]string{
	"Secret":     "istiod sends secrets only to a gateway whose identity it has verified (pilot/pkg/xds/sds.go)",
	"Deployment": "its pods are seen when they are ready",
	"DaemonSet":  "its pods are seen when they are ready",
}

// withoutMarker says of which of the kinds it cannot be told whether istiod knows a change; nil for none.
func withoutMarker(kinds []Kind) error {
	var without []string
	for _, kind := range kinds {
		if _, marked := markers[kind]; marked || slices.Contains(unread, kind) {
			continue
		}
		why, known := unmarked[kind]
		if !known {
			why = "add one to fixtures/base/marker and to e2e/live/mesh/kind.go"
		}
		without = append(without, fmt.Sprintf("%s has no marker: %s", kind, why))
	}
	if len(without) == 0 {
		return nil
	}
	return fmt.Errorf("it cannot be told whether istiod knows the change: %s", strings.Join(without, "; "))
}

// RuleMarker is the rule by which a change of objects of the kinds is held to be settled.
func RuleMarker(kinds []Kind) string {
	var names []string
	for _, kind := range kinds {
		names = append(names, string(kind))
	}
	return fmt.Sprintf("istiod has a later marker of each kind (%s), and each proxy acknowledged that push, to its last type, or a later one", strings.Join(names, ", "))
}
