package oracle

import (
	"net/netip"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/interception"
)

// Snapshot is everything that decides a hop. The order of its lists decides nothing.
type Snapshot struct {
	Mesh                  Mesh
	PeerAuthentications   []Object[*security.PeerAuthentication]
	DestinationRules      []Object[*networking.DestinationRule]
	ServiceEntries        []Object[*networking.ServiceEntry]
	AuthorizationPolicies []Object[*security.AuthorizationPolicy]
	Gateways              []Object[*networking.Gateway]
	Sidecars              []Object[*networking.Sidecar]
	VirtualServices       []Object[*networking.VirtualService]
	WorkloadEntries       []Object[*networking.WorkloadEntry]
	HTTPRoutes            []Object[*APIRoute]
	GRPCRoutes            []Object[*APIRoute]
	APIGateways           []Object[*APIGateway]
	ReferenceGrants       []Object[*ReferenceGrant]
	BackendTLSPolicies    []Object[*BackendTLSPolicy]
	Services              []Service
	Slices                []Slice
	Workloads             []Workload
	Credentials           []Credential
	// ApplicationNames stand in the certificates of applications that speak TLS; none where they are not known.
	ApplicationNames []string
	// Clients are the suite's own names of workloads, NAMESPACE/NAME by name.
	Clients map[string]string
	// Networks are the networks that namespaces name for their workloads
	// (https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork).
	Networks map[string]string
	// Injected are the namespaces whose pods get a sidecar.
	Injected map[string]bool
	// Ambient are the namespaces whose pods a ztunnel serves, unless they have a sidecar.
	Ambient map[string]bool
	// Waypoints are those that namespaces name for their services.
	Waypoints map[string]string
	// Unreadable are the kinds of objects that are missing, whatever there is of them.
	Unreadable []Unreadable
	// Unread are the objects of kinds that decide no hop here, as KIND NAMESPACE/NAME.
	Unread []string

	index *index // nil until Indexed
}

// Meta names an object and says when it was made.
type Meta struct {
	Kind      string
	Name      string
	Namespace string
	Created   time.Time
	Labels    map[string]string
}

// String returns KIND NAMESPACE/NAME.
func (m Meta) String() string { return m.Kind + " " + m.Namespace + "/" + m.Name }

// Object is one object of Istio's API.
type Object[Spec any] struct {
	Meta
	Spec Spec
}

// ServiceKind is how a service's name leads to workloads.
type ServiceKind string

// The kinds of service (reference: https://kubernetes.io/docs/concepts/services-networking/service/).
const (
	ClusterIP    ServiceKind = "ClusterIP"
	Headless     ServiceKind = "headless"
	ExternalName ServiceKind = "ExternalName"
	// Pods is no Service at all: the pods' own addresses.
	Pods ServiceKind = "pods"
)

// Service is a Kubernetes Service, or the addresses of pods under a name of the suite's.
type Service struct {
	Name      string
	Namespace string
	Kind      ServiceKind
	Target    string       // the host that an ExternalName stands for
	Addresses []netip.Addr // of its own; none of a headless one, and where they are not known
	Selector  map[string]string
	// Unselected is true of one without a selector, whose endpoints are its slices' alone.
	Unselected bool
	// PublishesUnready is true of one whose pods get traffic before they are ready.
	PublishesUnready bool
	// NodeLocal is true of internalTrafficPolicy Local
	// (https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/).
	NodeLocal bool
	// Sessions is true of one that keeps sessions with pods that end
	// (https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars, PILOT_PERSISTENT_SESSION_LABEL).
	Sessions bool
	// Waypoint is the one that its label names; none of a label "none", empty without one.
	Waypoint string
	// Members are the workloads behind it as NAMESPACE/NAME, where no selector tells them.
	Members []string
	Ports   []Port
	// ExportTo are the namespaces that see it, by its annotation networking.istio.io/exportTo; none where it has no annotation.
	ExportTo []string
}

// String returns NAMESPACE/NAME.
func (s Service) String() string { return s.Namespace + "/" + s.Name }

// hostName is the name by which Istio knows a service, NAME.NAMESPACE.svc.DOMAIN
// (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#services).
func (s Snapshot) hostName(service Service) string {
	return s.Mesh.hostName(service.Name, service.Namespace)
}

// Port is a port of a service: its own number, the workload's behind it, and what is spoken there.
type Port struct {
	Name     string
	Number   uint16
	Workload uint16
	Target   string // the workload's port by the name that its container gives it; empty where Workload tells
	Protocol hop.Protocol
}

// At is the workload's port behind the service's (https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports).
func (p Port) At(w Workload) uint16 {
	if number, named := w.Ports[p.Target]; named && p.Target != "" {
		return number
	}
	return p.Workload
}

// Workload is a pod, or what its Deployment will make.
type Workload struct {
	Name      string
	Namespace string
	// Controller names what made a pod, which outlives it; empty of what is no pod.
	Controller     string
	Labels         map[string]string
	ServiceAccount string
	// Ports are those that its containers declare, by name; one without a name by its number.
	Ports map[string]uint16
	// Domain is the cluster's DNS domain as the proxy's arguments name it; empty where they do not.
	Domain string
	// HasProxy is true of a sidecar and of a gateway.
	HasProxy bool
	// ProxyVersion is the tag of the proxy's image; empty where it has none.
	ProxyVersion string
	// Gateway is true of a proxy without an application.
	Gateway bool
	// Revision names the control plane that injected the proxy; empty where nothing says it.
	Revision string
	// Ambient is true of a workload whose traffic is tunnelled by HBONE, and of a ztunnel or waypoint itself.
	Ambient bool
	// HostNetwork is true of pods in the network of their node, which get no sidecar.
	HostNetwork bool
	// Interception is which of the pod's connections its sidecar gets.
	Interception interception.Interception
	// Unready is true of one that is not ready, or ends: it gets no traffic by a selector.
	Unready   bool
	Addresses []netip.Addr
	// pending is true while the injector's word on the pod is not known.
	pending bool
}

// String returns NAMESPACE/NAME.
func (w Workload) String() string { return w.Namespace + "/" + w.Name }
