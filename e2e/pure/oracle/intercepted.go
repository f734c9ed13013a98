package oracle

import (
	"fmt"
	"net/netip"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/interception"
)

// interceptionOf reads from a pod, or from the template of one, which connections its sidecar gets.
func interceptionOf(spec podSpec, annotations map[string]string, gateway bool) interception.Interception {
	return interception.Read(interception.Pod{
		Annotations: annotations, HostNetwork: spec.HostNetwork, Gateway: gateway,
		User: spec.SecurityContext.User, Group: spec.SecurityContext.Group,
		Containers: intercepted(spec.Containers), InitContainers: intercepted(spec.InitContainers),
	})
}

func intercepted(containers []container) []interception.Container {
	var all []interception.Container
	for _, c := range containers {
		variables := map[string]string{}
		for _, variable := range c.Env {
			variables[variable.Name] = variable.Value
		}
		all = append(all, interception.Container{
			Name: c.Name, Args: c.Args, Env: variables, User: c.SecurityContext.User, Group: c.SecurityContext.Group,
		})
	}
	return all
}

// Outbound tells whether the proxy of a client gets what its application sends to a service port by the service's name. The
// application dials the service's own addresses, or, where it has none, those of its pods.
func (s Snapshot) Outbound(client Workload, to hop.ServicePort) (interception.Capture, error) {
	found, err := s.find(to, usedRules{})
	if err != nil {
		return interception.Capture{}, err
	}
	return s.outbound(client, found), nil
}

// outbound is the one capture of all addresses that a client may dial. A gateway has no application whose connections could
// pass it by.
func (s Snapshot) outbound(client Workload, to target) interception.Capture {
	if client.Gateway {
		return interception.Capture{Taken: true}
	}
	dialled := to.dialled()
	first := client.Interception.Outbound(dialled[0])
	for _, other := range dialled[1:] {
		own := client.Interception.Outbound(other)
		if own.Taken != first.Taken || own.Unknown != first.Unknown {
			why := fmt.Sprintf("%s differs by address, and which one is dialled is not known: %s%s", to.host, first.Why, own.Why)
			return interception.Capture{Unknown: true, Why: why}
		}
	}
	return first
}

// dialled lists the addresses and ports that an application dials for a service port; an invalid address where none is known.
func (to target) dialled() []netip.AddrPort {
	var all []netip.AddrPort
	for _, address := range to.addresses {
		all = append(all, netip.AddrPortFrom(address, to.port.Number))
	}
	if to.kind == Headless || to.kind == Pods {
		for _, e := range to.endpoints {
			if e.workload == nil {
				continue // its address is not in the snapshot
			}
			for _, address := range e.workload.Addresses {
				all = append(all, netip.AddrPortFrom(address, to.port.Number))
			}
		}
	}
	if len(all) == 0 {
		return []netip.AddrPort{netip.AddrPortFrom(netip.Addr{}, to.port.Number)}
	}
	return all
}

// past answers for what a client's application sends past its proxy.
func (s Snapshot) past(client Workload, to target, speaks hop.Protocol, why string, t usedRules) []EndpointAnswer {
	bypasses := Client{Mode: NoProxy, Rule: ClientBypassed}
	answers := s.each(client, to, to.endpoints, t, bypasses, func(endpoint, usedRules) (Client, connection) {
		return bypasses, plain(speaks)
	})
	for i := range answers {
		answers[i].Why += fmt.Sprintf("; the proxy of %s is passed by: %s", client, why)
	}
	return answers
}

// bypassed is a connection to a port whose traffic does not come to the server's proxy by a redirect: the application's, unless
// the proxy itself listens there.
func (s Snapshot) bypassed(w Workload, port uint16, capture interception.Capture, declared hop.Protocol, c connection, t usedRules) (Server, *result) {
	if capture.Unknown {
		return Server{}, undecided(fmt.Sprintf("whether the proxy of %s gets port %d is not known: %s", w, port, capture.Why))
	}
	if binding := s.Binding(w, port); binding != "" {
		return Server{}, undecided(fmt.Sprintf("%s has the proxy of %s listen on port %d, which is not judged", binding, w, port))
	}
	t.use(ServerBypassed)
	bare := w
	bare.HasProxy = false // nothing that the proxy would do is done
	became := s.application(bare, declared, c, t)
	became.why += fmt.Sprintf("; its proxy does not get port %d: %s", port, capture.Why)
	return Server{Mode: NoProxy, Rule: ServerBypassed}, became
}

// Binding names a Sidecar that may have a workload's proxy listen on a port itself: an ingress listener whose captureMode is not
// IPTABLES (https://istio.io/latest/docs/reference/config/networking/sidecar/#IstioIngressListener).
func (s Snapshot) Binding(w Workload, port uint16) string {
	for _, sidecar := range s.Sidecars {
		if sidecar.Namespace != w.Namespace || !selects(sidecar.Spec.GetWorkloadSelector().GetLabels(), w.Labels) {
			continue
		}
		for _, listener := range sidecar.Spec.GetIngress() {
			if listener.GetPort().GetNumber() == uint32(port) && listener.GetCaptureMode() != networking.CaptureMode_IPTABLES {
				return sidecar.String()
			}
		}
	}
	return ""
}
