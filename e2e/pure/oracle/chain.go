package oracle

import (
	"cmp"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// result is what becomes of a connection.
type result struct {
	says    hop.Outcome
	refusal hop.Refusal
	why     string
	server  hop.Identity // that the server proved, where it is the mesh's
	names   []string     // DNS names that the server proved, where it is not
	serving
}

func refused(cause hop.Refusal, why string) *result {
	return &result{says: hop.Refused, refusal: cause, why: why}
}

func served(says hop.Outcome, why string) *result { return &result{says: says, why: why} }

// known names the identity or the DNS names in the server's certificate.
func (r *result) known(names []string) *result {
	r.names = names
	return r
}

// undecided is the answer where the snapshot does not hold what decides.
func undecided(why string) *result { return &result{why: why} }

// evaluateServer returns the mode of the server's end, and what it does with the connection.
func (s Snapshot) evaluateServer(e endpoint, to target, c connection, t usedRules) (Server, *result) {
	switch {
	case e.workload == nil && e.doubtful:
		return Server{}, undecided(e.outside + ": whether a proxy answers there is not known")
	case e.workload == nil && !c.tls:
		return Server{Mode: NoProxy, Rule: ServerNoProxy}, served(hop.Plaintext, e.outside+", and the client sends plaintext")
	case e.workload == nil:
		return Server{Mode: NoProxy, Rule: ServerNoProxy}, undecided(e.outside + ": what it makes of TLS is not known")
	case e.workload.Ambient:
		return Server{Rule: ServerAmbient}, undecided(ambient(*e.workload))
	case !e.workload.HasProxy:
		t.use(ServerNoProxy)
		declared, _ := s.inbound(*e.workload, e.port, to)
		return Server{Mode: NoProxy, Rule: ServerNoProxy}, s.application(*e.workload, declared, c, t)
	case e.workload.Gateway:
		return s.gatewayServer(*e.workload, e.port, c, t)
	}
	port := s.inboundOf(*e.workload, e.port, to, t)
	if capture := e.workload.Interception.Inbound(e.port); !capture.Taken {
		return s.bypassed(*e.workload, e.port, capture, port.declared, c, t)
	}
	if !port.listener {
		t.use(ChainPassThrough)
	}
	server := s.serverMode(*e.workload, e.port, port.listener, t)
	if port.unknown != "" {
		return server, undecided(port.unknown)
	}
	if why := mayStall(*e.workload, to.port.Number, e.port, port.declared, server.Mode, c); why != "" {
		t.use(ChainServerFirst)
		return server, undecided(why)
	}
	became := s.chain(*e.workload, e.port, port.declared, server.Mode, c, t)
	if port.leads != "" && (became.says == hop.AppTLS || became.refusal == hop.NotTLS) {
		return server, undecided(fmt.Sprintf("%s passes TLS on to %s, and what that makes of it is not known", e.workload, port.leads))
	}
	return server, became
}

// ambient says why nothing is said of a workload.
func ambient(w Workload) string {
	return fmt.Sprintf("ambient: %s speaks HBONE by its node's ztunnel or a tunnel of its own, which is not judged", w)
}

// chain is how the inbound filter chains of a port handle a connection's first bytes
// (istio/istio pilot/pkg/networking/core/filterchain_options.go).
func (s Snapshot) chain(w Workload, port uint16, declared hop.Protocol, mode Mode, c connection, t usedRules) *result {
	http := declared == hop.HTTP || declared == hop.GRPC
	if !c.tls {
		// Where the proxy must tell TLS from plaintext it waits for the client's first bytes.
		if c.speaks == hop.Greet && mode != Disable {
			t.use(ChainServerFirst)
			return refused(hop.ServerFirst, fmt.Sprintf("%s is %s, so its proxy waits for the client's first bytes, and the client waits for the server's", w, mode))
		}
		if mode == Strict {
			t.use(ChainNoPlaintext)
			return refused(hop.NoFilterChain, fmt.Sprintf("the client sends plaintext, and %s is STRICT", w))
		}
		t.use(ChainPlaintext)
		return s.plaintext(w, port, declared, mode, c, t)
	}
	switch {
	case mode == Strict:
		t.use(ChainStrictAnyALPN)
		return s.terminate(w, port, declared, c, t)
	case mode == Permissive && c.istio():
		t.use(ChainIstioALPN)
		return s.terminate(w, port, declared, c, t)
	case mode == Permissive && http:
		t.use(ChainHTTPOtherTLS)
		return refused(hop.NoFilterChain, fmt.Sprintf("%s is PERMISSIVE and port %d is declared %s: TLS without Istio's ALPN has no filter chain", w, port, declared))
	case mode == Permissive:
		t.use(ChainTCPOtherTLS)
	default:
		t.use(ChainDisableTLS)
		if http {
			return refused(hop.NotTLS, fmt.Sprintf("the client sends TLS, and %s is DISABLE: its HTTP port reads it as a broken request", w))
		}
	}
	if denied := s.authorize(w, port, "", t); denied != nil {
		return denied
	}
	return s.application(w, declared, c, t)
}

// serverFirst are the ports of protocols whose servers speak first
// (https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols).
var serverFirst = map[uint16]string{25: "SMTP", 53: "DNS", 3306: "MySQL", 27017: "MongoDB"}

// mayStall tells why a client in the clear may wait in vain: the port is by its number that of a protocol whose server speaks
// first, and declared as TCP, which does not say whether it does. Empty for any other connection.
func mayStall(w Workload, service, port uint16, declared hop.Protocol, mode Mode, c connection) string {
	protocol := cmp.Or(serverFirst[service], serverFirst[port])
	if c.tls || protocol == "" || declared != hop.TCP || mode != Permissive {
		return ""
	}
	return fmt.Sprintf("%s's server speaks first, and %s, which is %s, keeps a client in the clear waiting then; whether port %d is %s's is not declared", protocol, w, mode, service, protocol)
}

// plaintext is a connection in the clear at a server that takes it.
func (s Snapshot) plaintext(w Workload, port uint16, declared hop.Protocol, mode Mode, c connection, t usedRules) *result {
	if broken := misread(w, declared, c); broken != nil {
		return broken
	}
	if denied := s.authorize(w, port, "", t); denied != nil {
		return denied
	}
	if declared == hop.TLS {
		return undecided("what an application that speaks TLS makes of plaintext is not known")
	}
	return served(hop.Plaintext, fmt.Sprintf("the client sends plaintext, and %s is %s", w, mode))
}

// misread refuses bytes that are no HTTP at a port that is declared HTTP.
func misread(w Workload, declared hop.Protocol, c connection) *result {
	http := declared == hop.HTTP || declared == hop.GRPC
	if http && (c.speaks == hop.TCP || c.speaks == hop.Greet || c.speaks == hop.TLS) {
		return refused(hop.NotHTTP, fmt.Sprintf("the port of %s is declared %s, and the client's application does not speak HTTP", w, declared))
	}
	return nil
}

// terminate is a handshake that ends at the server's proxy: first the client verifies the server, then the server verifies
// the client.
func (s Snapshot) terminate(w Workload, port uint16, declared hop.Protocol, c connection, t usedRules) *result {
	if !c.offers(s.Mesh.MinVersion) {
		t.use(ChainMinVersion)
		return refused(hop.ProtocolVersion, fmt.Sprintf("%s takes TLS %s and newer", w, s.Mesh.MinVersion))
	}
	if !s.Mesh.sharesCipher(c) {
		t.use(ChainCiphers)
		return refused(hop.NoSharedCipher, fmt.Sprintf("%s takes TLS 1.2 with %s alone", w, s.Mesh.CipherSuites))
	}
	if rejected := c.judges(true, []string{string(s.identity(w))}, w); rejected != nil {
		return rejected
	}
	if rejected := s.judge(w, c, t); rejected != nil {
		return rejected
	}
	if broken := misread(w, declared, c); broken != nil {
		return broken
	}
	if denied := s.authorize(w, port, c.identity, t); denied != nil {
		return denied
	}
	became := served(hop.MTLS, fmt.Sprintf("the client proves %s, and %s terminates mTLS", c.identity, w))
	became.server = s.identity(w)
	return became
}

// offers reports whether a client offers a TLS version that is not below the least. Proxies offer 1.2 and 1.3
// (istio/istio pilot/pkg/networking/core/cluster_tls.go, defaultUpstreamCommonTLSContext).
func (c connection) offers(least Version) bool {
	return len(c.versions) == 0 || slices.ContainsFunc(c.versions, func(own Version) bool { return own >= least })
}

// judges is how the client verifies the server's certificate: its issuer first, then its names.
func (c connection) judges(ofMesh bool, held []string, w Workload) *result {
	asks := c.checks.names
	if c.checks.hostName != "" {
		asks = join(asks, []string{c.checks.hostName})
	}
	switch {
	case c.checks.none:
		return nil
	case c.checks.unread != "":
		return undecided(fmt.Sprintf("credential %s is not in the snapshot", c.checks.unread))
	case ofMesh && !c.checks.trustsMesh, !ofMesh && !c.checks.trustsProducts:
		return refused(hop.UnknownServerCA, fmt.Sprintf("the client trusts no root that signed the certificate of %s", w))
	case len(asks) == 0:
		return nil
	case len(held) == 0:
		return undecided("the names in the certificate of an application are not known")
	case c.checks.hostName != "" && !slices.Contains(held, c.checks.hostName), len(c.checks.names) > 0 && !common(held, c.checks.names):
		return refused(hop.WrongSAN, fmt.Sprintf("the certificate of %s holds %s, and the client asks for %s", w, held, asks))
	}
	return nil
}

func common(a, b []string) bool {
	return slices.ContainsFunc(a, func(own string) bool { return slices.Contains(b, own) })
}

// judge is how a sidecar verifies the client's certificate (istio/istio pilot/pkg/security/authn/utils/utils.go).
func (s Snapshot) judge(w Workload, c connection, t usedRules) *result {
	if c.unread != "" {
		return undecided(fmt.Sprintf("credential %s is not in the snapshot", c.unread))
	}
	vouches, second := s.Mesh.vouchesFor(c.certificate)
	switch {
	case c.certificate == None:
		return refused(hop.NoClientCertificate, fmt.Sprintf("%s asks for a client certificate, and the client has none", w))
	case !vouches:
		return refused(hop.UnknownCA, fmt.Sprintf("%s trusts no root that signed the client's certificate", w))
	case second:
		t.use(RootSecond)
	}
	switch c.certificate {
	case Expired, NotYetValid:
		return refused(hop.Expired, "the client's certificate is outside its validity")
	case WrongTrustDomain:
		accepted, alias := s.Mesh.accepts(c.domain)
		if !accepted {
			t.use(TrustDomainRefused)
			return refused(hop.WrongTrustDomain, fmt.Sprintf("%s accepts identities of trust domain %s and its aliases, not of %q", w, s.Mesh.TrustDomain, c.domain))
		}
		if alias {
			t.use(TrustDomainAlias)
		}
	}
	return nil
}

// application is a connection whose TLS no proxy at the server terminates.
func (s Snapshot) application(w Workload, declared hop.Protocol, c connection, t usedRules) *result {
	switch {
	case declared != hop.TLS && c.tls:
		return refused(hop.NotTLS, fmt.Sprintf("the client sends TLS, and nothing at %s terminates it", w))
	case declared != hop.TLS:
		t.use(ChainPlaintext)
		return served(hop.Plaintext, fmt.Sprintf("the client sends plaintext, and %s has no proxy", w))
	case !c.tls:
		return undecided("what an application that speaks TLS makes of plaintext is not known")
	case c.bare:
		return served(hop.AppTLS, "the two applications speak TLS with each other").known(s.ApplicationNames)
	}
	if rejected := c.judges(false, s.ApplicationNames, w); rejected != nil {
		return rejected
	}
	if c.speaks == hop.TLS && !c.own {
		return refused(hop.NotHTTP, "the client's proxy wraps the TLS of its application, and the server's application takes off one layer")
	}
	switch {
	case w.HasProxy:
		return served(hop.AppTLS, fmt.Sprintf("the proxy of %s passes TLS to its application", w)).known(s.ApplicationNames)
	case c.certificate == None:
		return served(hop.OneWayTLS, fmt.Sprintf("TLS ends at the application of %s, which gets no client certificate", w)).known(s.ApplicationNames)
	}
	return served(hop.MTLS, fmt.Sprintf("TLS ends at the application of %s, which takes the client's certificate", w)).known(s.ApplicationNames)
}
