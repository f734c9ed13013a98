package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// Scope is which Sidecar decides what a workload's proxy knows of the mesh, and what the proxy does with all else.
type Scope struct {
	Sidecar      string // KIND NAMESPACE/NAME; empty where none is in force: the proxy knows all that is exported to its namespace
	RegistryOnly bool   // what the proxy does not know it drops; else it passes it on as it came
	EgressProxy  string // HOST:PORT to which it passes that on; empty for the address that the client wanted
}

// Scope returns the scope of a workload's proxy. A gateway has none of a Sidecar's
// (https://istio.io/latest/docs/reference/config/networking/sidecar/).
func (s Snapshot) Scope(client Workload) Scope {
	t := usedRules{}
	out := s.outboundOf(client, t)
	scope := Scope{RegistryOnly: out.registryOnly, EgressProxy: out.egressProxy}
	if own := s.sidecarOf(client, t); own != nil {
		scope.Sidecar = own.String()
	}
	return scope
}

// Imports tells whether a workload's proxy knows a service port, and by which object, as KIND NAMESPACE/NAME: the Sidecar that
// lists what the proxy knows, or the Service or ServiceEntry that is not exported to it; empty where nothing restricts it.
// The error says what is not in the snapshot, or why it cannot be told.
func (s Snapshot) Imports(client Workload, to hop.ServicePort) (imported bool, by string, err error) {
	t := usedRules{}
	found, err := s.find(to, t)
	if err != nil {
		return false, "", err
	}
	seen := s.importing(client, found, t)
	if seen.unknown != "" {
		return false, seen.by, errors.New(seen.unknown)
	}
	return seen.in, seen.by, nil
}

// importing is whether a client's proxy knows a service port.
type importing struct {
	in      bool
	unknown string // why it cannot be told
	by      string // the object that decides, as KIND NAMESPACE/NAME

	// listener is that of the Sidecar which lists the service; nil where none restricts the client.
	listener *networking.IstioEgressListener
}

// importing first asks to whom the service is exported, then what the client's Sidecar lists
// (istio/istio pilot/pkg/model/push_context.go, IsServiceVisible; sidecar.go, convertIstioListenerToWrapper).
func (s Snapshot) importing(client Workload, to target, t usedRules) importing {
	if !s.exported(to, client.Namespace) {
		t.use(ServiceExportTo)
		return importing{by: to.object}
	}
	own := s.sidecarOf(client, t)
	if own == nil {
		return importing{in: true}
	}
	seen := egress(*own, client.Namespace, to, t)
	seen.by = own.String()
	switch {
	case seen.unknown != "":
	case seen.in:
		t.use(SidecarImports)
	default:
		t.use(SidecarHides)
	}
	return seen
}

// exported reports whether a namespace sees the target's service.
func (s Snapshot) exported(to target, namespace string) bool {
	names := to.exportTo
	if len(names) == 0 {
		names = s.Mesh.ExportServices
	}
	return len(names) == 0 || slices.Contains(names, everywhere) || slices.Contains(names, namespace) ||
		slices.Contains(names, here) && to.namespace == namespace
}

// egress asks the listeners of a Sidecar. One with a port is for that port alone. Over HTTP a port has one set of routes, which
// is that listener's; a port of TCP has a listener for each service, so what the listener without a port lists counts too
// (istio/istio pilot/pkg/networking/core/listener.go, buildSidecarOutboundListeners; pilot/pkg/model/sidecar.go,
// GetEgressListenerForRDS).
func egress(own sidecar, namespace string, to target, t usedRules) importing {
	if len(own.Spec.GetEgress()) == 0 {
		t.use(SidecarNoEgress)
		return importing{in: true}
	}
	routed := false
	for _, listener := range own.Spec.GetEgress() {
		port := listener.GetPort()
		switch {
		case port != nil && port.GetNumber() != uint32(to.port.Number):
			continue
		case port != nil:
			t.use(SidecarPort)
			routed = to.port.http()
		case routed:
			return importing{}
		}
		if !lists(listener.GetHosts(), namespace, to, t) {
			continue
		}
		if port != nil {
			return importing{in: true, unknown: apart(own, listener, to), listener: listener}
		}
		return importing{in: true, listener: listener}
	}
	return importing{}
}

// http reports whether a proxy routes what comes to the port by its Host; of an undeclared port it does where it detects HTTP.
func (p Port) http() bool {
	return p.Protocol == hop.HTTP || p.Protocol == hop.GRPC || p.Protocol == hop.Auto
}

// apart says why it cannot be told whether requests to a service pass a listener that has its own port; empty where they do.
func apart(own sidecar, listener *networking.IstioEgressListener, to target) string {
	declared := declaredProtocol(listener.GetPort().GetProtocol())
	switch {
	case listener.GetBind() != "" || listener.GetCaptureMode() == networking.CaptureMode_NONE:
		return fmt.Sprintf("%s has a listener at an address of its own for port %d of %s: whether the client calls it there is not known", own, to.port.Number, to.host)
	case (declared == hop.HTTP || declared == hop.GRPC) && !to.port.http():
		return fmt.Sprintf("%s declares port %d as %s, and %s declares it as %s", own, to.port.Number, declared, to.host, to.port.Protocol)
	}
	return ""
}

// lists reports whether the hosts of a listener, NAMESPACE/DNSNAME, include a service and none of them excludes it. An
// ExternalName's own name must be among them too, for a request over HTTP has it as Host.
func lists(hosts []string, own string, to target, t usedRules) bool {
	listed, excluded := namesFor(hosts, own, to.namespace)
	alias := to.alias == "" || !to.port.http() || anyIncludes(listed, to.alias)
	if !alias || !anyIncludes(listed, to.host) {
		return false
	}
	if anyIncludes(excluded, to.host) {
		t.use(SidecarExcludes)
		return false
	}
	return true
}

// importsVirtualService reports whether a listener imports a VirtualService: by a host of it that the listener lists, and does
// not exclude. Either of the two hosts may include the other; a host made of a route of the Gateway API must be included
// (istio/istio pilot/pkg/model/virtualservice.go, SelectVirtualServices; sidecar.go, VSMatches).
func importsVirtualService(hosts []string, own string, r *virtualService) bool {
	listed, excluded := namesFor(hosts, own, r.Namespace)
	return slices.ContainsFunc(r.hosts, func(host string) bool {
		return !anyIncludes(excluded, host) && slices.ContainsFunc(listed, func(name string) bool {
			return includes(name, host) || !r.api && includes(host, name)
		})
	})
}

// namesFor are the DNS names that the hosts of a listener list, and those that they exclude, of a namespace's objects. own is the
// client's namespace (https://istio.io/latest/docs/reference/config/networking/sidecar/#IstioEgressListener-hosts).
func namesFor(hosts []string, own, namespace string) (listed, excluded []string) {
	for _, entry := range hosts {
		of, name, _ := strings.Cut(entry, "/")
		of, excludes := strings.CutPrefix(of, "~")
		switch {
		case excludes && of == "":
			of = everywhere
		case of == here:
			of = own
		}
		switch {
		case of != everywhere && of != namespace:
		case excludes:
			excluded = append(excluded, name)
		default:
			listed = append(listed, name)
		}
	}
	return listed, excluded
}

func anyIncludes(names []string, host string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return includes(name, host) })
}

// foreign reports whether a Sidecar lists nothing of a namespace.
func foreign(own sidecar, client, namespace string) bool {
	for _, listener := range own.Spec.GetEgress() {
		for _, entry := range listener.GetHosts() {
			from, _, _ := strings.Cut(entry, "/")
			if from == everywhere || from == namespace || from == here && client == namespace {
				return false
			}
		}
	}
	return len(own.Spec.GetEgress()) > 0
}
