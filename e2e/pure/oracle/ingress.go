package oracle

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// inboundPort is what a server's proxy takes a port of its workload for.
type inboundPort struct {
	declared hop.Protocol
	listener bool   // the port has filter chains of its own; else the pass-through chains serve it
	unknown  string // why it cannot be told what the port does with a connection
	leads    string // where its Sidecar sends what comes to it; empty for the application's same port
}

// inboundOf tells what a server's proxy takes a port for: by its Sidecar's ingress listeners where it has any, which alone count
// then, else by the services before it. istiod's setting to count both, PILOT_ALLOW_SIDECAR_SERVICE_INBOUND_LISTENER_MERGE, is
// taken to be off, as it is by default (istio/istio pilot/pkg/networking/core/listener_inbound.go, buildInboundChainConfigs).
func (s Snapshot) inboundOf(w Workload, port uint16, asked target, t usedRules) inboundPort {
	own := s.sidecarOf(w, usedRules{})
	if own == nil || len(own.Spec.GetIngress()) == 0 {
		declared, inService := s.inbound(w, port, asked)
		return inboundPort{declared: declared, listener: inService}
	}
	for _, listener := range own.Spec.GetIngress() {
		if listener.GetPort().GetNumber() == uint32(port) {
			t.use(SidecarIngress)
			declared := spoken(listener.GetPort().GetName(), declaredProtocol(listener.GetPort().GetProtocol()))
			return inboundPort{declared: declared, listener: true, unknown: unclear(*own, listener), leads: leadsTo(listener, port)}
		}
	}
	t.use(SidecarIngressAlone)
	return inboundPort{declared: hop.Auto}
}

// unclear says why it cannot be told what an ingress listener does; empty where it can.
func unclear(own sidecar, listener *networking.IstioIngressListener) string {
	number := listener.GetPort().GetNumber()
	switch {
	case listener.GetTls() != nil:
		// It counts if istiod was started with it (istio/istio pilot/pkg/features/experimental.go, EnableTLSOnSidecarIngress).
		return fmt.Sprintf("%s has TLS settings for port %d, which count only where istiod has ENABLE_TLS_ON_SIDECAR_INGRESS", own, number)
	case listener.GetCaptureMode() == networking.CaptureMode_NONE:
		return fmt.Sprintf("%s binds port %d itself: whether connections come to that listener depends on what is redirected", own, number)
	}
	return ""
}

// leadsTo is where an ingress listener sends connections on, an address and port or a Unix socket; empty for the same port of
// the application.
func leadsTo(listener *networking.IstioIngressListener, port uint16) string {
	to := listener.GetDefaultEndpoint()
	if !strings.HasPrefix(to, "unix:") && strings.HasSuffix(to, fmt.Sprintf(":%d", port)) {
		return ""
	}
	return to
}
