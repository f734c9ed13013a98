package oracle

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// gatewayServer is how a gateway's servers handle a connection
// (https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings).
func (s Snapshot) gatewayServer(w Workload, port uint16, c connection, t usedRules) (Server, *result) {
	t.use(ServerGateway)
	gateways := sortedByAge(s.Gateways, func(g Object[*networking.Gateway]) bool { return selects(g.Spec.GetSelector(), w.Labels) })
	listening := false
	for _, gateway := range gateways {
		for _, server := range gateway.Spec.GetServers() {
			if s.opens(w, server.GetPort().GetNumber()) != port {
				continue
			}
			listening = true
			if server.GetTls() != nil && !serves(server.GetHosts(), c.sni) {
				continue
			}
			decided, became := s.terminateGateway(w, gateway, server, c, t)
			became.opened = server
			return decided, became
		}
	}
	if listening {
		return Server{Rule: ServerGateway}, refused(hop.NoFilterChain, fmt.Sprintf("no server of port %d at %s is for %q", port, w, c.sni))
	}
	return Server{Rule: ServerGateway}, refused(hop.NoFilterChain, fmt.Sprintf("no Gateway opens port %d at %s", port, w))
}

// opens is the workload port that a Gateway's server opens: where a Service of the gateway's has the port, the one
// behind it (istio/istio pilot/pkg/model/gateway.go, MergeGateways).
func (s Snapshot) opens(w Workload, number uint32) uint16 {
	for _, service := range s.Services {
		if service.Kind == Pods || !s.fronts(service, w) {
			continue
		}
		for _, port := range service.Ports {
			if uint32(port.Number) == number {
				return port.At(w)
			}
		}
	}
	return uint16(number)
}

// serves reports whether one of a server's hosts, NAMESPACE/HOST or HOST, is for the SNI.
func serves(hosts []string, sni string) bool {
	return slices.ContainsFunc(hosts, func(host string) bool {
		if _, name, found := strings.Cut(host, "/"); found {
			host = name
		}
		return host == "*" || host == sni || strings.HasPrefix(host, "*") && strings.HasSuffix(sni, host[1:])
	})
}

func (s Snapshot) terminateGateway(w Workload, gateway Object[*networking.Gateway], server *networking.Server, c connection, t usedRules) (Server, *result) {
	tls := server.GetTls()
	decided := Server{Mode: Mode(tls.GetMode().String()), Policy: gateway.String(), Rule: ServerGateway}
	switch {
	case tls == nil && c.tls:
		decided.Mode = Disable
		return decided, refused(hop.NotTLS, fmt.Sprintf("%s terminates no TLS on this port", gateway.Meta))
	case tls == nil:
		decided.Mode = Disable
		return decided, served(hop.Plaintext, fmt.Sprintf("%s serves plaintext on this port", gateway.Meta))
	case !c.tls:
		return decided, refused(hop.NoFilterChain, fmt.Sprintf("the client sends plaintext, and %s serves TLS alone", gateway.Meta))
	case tls.GetMode() == networking.ServerTLSSettings_PASSTHROUGH:
		return decided, undecided("what a TLSRoute makes of TLS that passes through is not known")
	case tls.GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		return decided, s.passOn(w, c, t)
	case !c.offers(s.gatewayVersion(tls)):
		t.use(ChainMinVersion)
		return decided, refused(hop.ProtocolVersion, fmt.Sprintf("%s takes TLS %s and newer", gateway.Meta, s.gatewayVersion(tls)))
	}
	return decided, s.judgeAtGateway(w, tls, c)
}

// gatewayVersion is the least version of a server: its own minProtocolVersion, else meshConfig.tlsDefaults', which count
// where a server brings its own certificate (istio/istio pilot/pkg/networking/core/listener.go,
// applyDownstreamTLSDefaults), else 1.2.
func (s Snapshot) gatewayVersion(tls *networking.ServerTLSSettings) Version {
	switch tls.GetMinProtocolVersion() {
	case networking.ServerTLSSettings_TLSV1_3:
		return TLS13
	case networking.ServerTLSSettings_TLSV1_1:
		return TLS11
	case networking.ServerTLSSettings_TLSV1_0:
		return TLS10
	case networking.ServerTLSSettings_TLSV1_2:
		return TLS12
	}
	if tls.GetMode() != networking.ServerTLSSettings_ISTIO_MUTUAL && s.Mesh.DefaultMinVersion != "" {
		return s.Mesh.DefaultMinVersion
	}
	return TLS12
}

// judgeAtGateway is how a terminating server verifies the client's certificate.
func (s Snapshot) judgeAtGateway(w Workload, tls *networking.ServerTLSSettings, c connection) *result {
	if c.unread != "" {
		return undecided(fmt.Sprintf("credential %s is not in the snapshot", c.unread))
	}
	own, found := s.credential(w.Namespace, tls.GetCredentialName())
	var trusted bool
	switch tls.GetMode() {
	case networking.ServerTLSSettings_ISTIO_MUTUAL:
		// No trust domain is asked for here: istio/istio pilot/pkg/networking/core/listener.go passes an empty list.
		trusted, _ = s.Mesh.vouchesFor(c.certificate)
		trusted = trusted && c.certificate != Expired && c.certificate != NotYetValid
	case networking.ServerTLSSettings_MUTUAL, networking.ServerTLSSettings_OPTIONAL_MUTUAL:
		if !found {
			return undecided(fmt.Sprintf("credential %s is not in the snapshot", tls.GetCredentialName()))
		}
		ofMesh := c.certificate == OfMesh || c.certificate == FirstCA || c.certificate == WrongTrustDomain
		trusted = ofMesh && own.TrustsMesh || c.certificate == OfProducts && own.TrustsProducts
	default:
		return served(hop.OneWayTLS, fmt.Sprintf("TLS ends at %s, which asks for no client certificate", w)).known(own.Names)
	}
	switch {
	case trusted:
		became := served(hop.MTLS, fmt.Sprintf("TLS ends at %s, which takes the client's certificate", w))
		if tls.GetMode() == networking.ServerTLSSettings_ISTIO_MUTUAL {
			became.server = s.identity(w)
			return became
		}
		return became.known(own.Names)
	case c.certificate == None && tls.GetMode() == networking.ServerTLSSettings_OPTIONAL_MUTUAL:
		return served(hop.OneWayTLS, fmt.Sprintf("TLS ends at %s, which needs no client certificate", w)).known(own.Names)
	case c.certificate == None:
		return refused(hop.NoClientCertificate, fmt.Sprintf("%s asks for a client certificate, and the client has none", w))
	case c.certificate == Expired || c.certificate == NotYetValid:
		return refused(hop.Expired, "the client's certificate is outside its validity")
	}
	return refused(hop.UnknownCA, fmt.Sprintf("%s trusts no root that signed the client's certificate", w))
}

// passOn is AUTO_PASSTHROUGH: the SNI names a cluster, outbound_.PORT_.SUBSET_.HOST, of endpoints that take mTLS
// (istio/istio pilot/pkg/networking/core/gateway.go; xds/endpoints/endpoint_builder.go).
func (s Snapshot) passOn(w Workload, c connection, t usedRules) *result {
	var port uint16
	words := strings.SplitN(c.sni, "_.", 4)
	if len(words) == 4 {
		if _, err := fmt.Sscanf(words[1], "%d", &port); err != nil {
			port = 0
		}
	}
	if !c.istio() || port == 0 {
		return refused(hop.NoFilterChain, "AUTO_PASSTHROUGH takes Istio's ALPN and an SNI outbound_.PORT_.SUBSET_.HOST alone")
	}
	to, err := s.find(hop.ServicePort{Service: words[3], Port: port}, t)
	if err != nil {
		return refused(hop.NoFilterChain, err.Error())
	}
	// The rules that the gateway itself would use decide which endpoints take mTLS.
	way := route{destination: s.destinationFor(w, to.host, to.namespace, t)}
	if words[2] != "" {
		if way.subset = way.destination.subset(words[2]); way.subset == nil {
			return refused(hop.NoFilterChain, fmt.Sprintf("no DestinationRule that %s sees defines subset %s of %s", w, words[2], to.host))
		}
	}
	// Inside its TLS a client speaks to the port that the SNI names.
	c.speaks = to.port.Protocol
	for _, endpoint := range to.endpoints {
		if endpoint.workload == nil || endpoint.workload.Gateway || !selects(way.labels(), endpoint.labels) || !s.endpointMTLS(to, &way, endpoint, t) {
			continue
		}
		_, became := s.evaluateServer(endpoint, to, c, t)
		return became
	}
	return refused(hop.NoEndpoint, fmt.Sprintf("no endpoint of %s takes mTLS", to.host))
}
