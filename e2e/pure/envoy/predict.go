package envoy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Prediction is what the configurations and secrets of both ends together will do with a connection.
type Prediction struct {
	Says    hop.Outcome  `json:"says,omitempty"`    // empty when the configurations could not be read far enough
	Refusal hop.Refusal  `json:"refusal,omitempty"` // empty for a refusal that has no name among the causes
	Peer    hop.Identity `json:"peer,omitempty"`    // the client's, where the server's end verifies it
	Chain   string       `json:"chain,omitempty"`   // the server's filter chain that takes the connection
	HTTP    bool         `json:"http,omitempty"`    // which reads HTTP
	Why     string       `json:"why"`
	Assumed []string     `json:"assumed,omitempty"` // what was assumed because a secret or a rule could not be evaluated
}

// connectionStart is how a client begins a connection: in the clear, or with a ClientHello.
type connectionStart struct {
	hello   *Hello
	own     bool   // the ClientHello is the application's, not its proxy's
	proxied bool   // the client has a proxy
	inner   Speech // what the application says, inside the TLS if there is some
}

// Predict says what happens when a client with this configuration connects to a server with this configuration.
func Predict(client ClientFacts, server ServerFacts, a Attempt) Prediction {
	switch {
	case client.Refusal != "" && client.Cluster == BlackHoleCluster:
		return Prediction{Says: hop.Refused, Refusal: hop.Blocked, Why: "the client's proxy closes the connection: it leads to BlackHoleCluster, for it is for no service that the proxy knows"}
	case client.Refusal != "":
		return Prediction{Says: hop.Refused, Refusal: client.Refusal, Why: fmt.Sprintf("the client's proxy has %s for cluster %s", absence(client.Refusal), client.Cluster)}
	case client.Socket == TLSSocket:
		hello := client.hello(a)
		return predict(connectionStart{hello: &hello, proxied: true, inner: a.Speaks}, server, a)
	case client.Socket == RawSocket:
		return predict(applicationStart(a, true), server, a)
	default:
		return Prediction{Why: "the client's transport socket could not be read: " + client.Socket}
	}
}

// PredictPlain says what happens when a client without a proxy connects and speaks as its application does: in the
// clear, or in TLS of its own.
func PredictPlain(server ServerFacts, a Attempt) Prediction {
	return predict(applicationStart(a, false), server, a)
}

// PredictProbe says what happens when a client without a proxy connects with a ClientHello of ours and speaks inside
// the TLS as the attempt says.
func PredictProbe(probe Hello, server ServerFacts, a Attempt) Prediction {
	return predict(connectionStart{hello: &probe, inner: a.Speaks}, server, a)
}

// applicationStart is the start of a connection that the client's proxy, if there is one, adds no TLS to.
func applicationStart(a Attempt, proxied bool) connectionStart {
	if a.Speaks != SpeaksTLS {
		return connectionStart{proxied: proxied, inner: a.Speaks}
	}
	return connectionStart{hello: &a.Own, own: true, proxied: proxied, inner: SpeaksHTTP1}
}

func absence(cause hop.Refusal) string {
	if cause == hop.NoEndpoint {
		return "no endpoint"
	}
	return "no configuration"
}

// hello is the ClientHello of the client's proxy, and what it asks of the server's certificate.
func (f ClientFacts) hello(a Attempt) Hello {
	hello := Hello{SNI: f.SNI, TLSContext: f.TLSContext}
	hello.ALPN = f.Offered(a.Speaks)
	authority, _, _ := strings.Cut(a.Host, ":")
	if _, err := netip.ParseAddr(authority); f.AutoSNI && hello.SNI == "" && err != nil {
		hello.SNI = authority
	}
	if f.AutoSAN && authority != "" {
		hello.SANs = append(slices.Clone(f.SANs), "exact:"+authority)
	}
	return hello
}

// predict follows a connection into the server: to a filter chain, through its transport socket and its filters, to what is
// behind.
func predict(f connectionStart, server ServerFacts, a Attempt) Prediction {
	if server.Undecided != "" {
		return Prediction{Why: server.Undecided}
	}
	if f.hello == nil && f.inner == SpeaksNothing && server.ClientFirst {
		return Prediction{Says: hop.Refused, Refusal: hop.ServerFirst, Why: "the client waits for the server, whose proxy waits for the client's first bytes to pick a filter chain"}
	}
	chain, found := server.Match(f.connection())
	if !found {
		return Prediction{Says: hop.Refused, Refusal: hop.NoFilterChain, Why: f.text() + ", and the server has no filter chain for it"}
	}
	p := enterChain(f, chain, server, a)
	if !server.NoProxy {
		p.Chain, p.HTTP = chain.Name, chain.HTTP
	}
	return p
}

func (f connectionStart) connection() Connection {
	if f.hello == nil {
		return Connection{ALPN: f.inner.detected()}
	}
	return Connection{TLS: true, SNI: f.hello.SNI, ALPN: f.hello.ALPN}
}

// text omits what differs between runs.
func (f connectionStart) text() string {
	switch {
	case f.hello == nil:
		return "the client sends plaintext"
	case len(f.hello.ALPN) == 0:
		return "the client sends TLS without ALPN"
	default:
		return "the client sends TLS with ALPN " + strings.Join(f.hello.ALPN, ",")
	}
}

// enterChain predicts what the transport socket of a filter chain does with a connection.
func enterChain(f connectionStart, chain ChainFacts, server ServerFacts, a Attempt) Prediction {
	switch {
	case chain.Socket == RawSocket && f.hello == nil:
		return serve(Prediction{Says: hop.Plaintext, Why: fmt.Sprintf("the client sends plaintext, and the server's chain %s takes it", chain.Name)}, f, chain, server, a)
	case chain.Socket == RawSocket && chain.HTTP:
		return Prediction{Says: hop.Refused, Refusal: hop.NotTLS, Why: fmt.Sprintf("the client sends TLS, and the server's chain %s reads it as HTTP in the clear", chain.Name)}
	case chain.Socket == RawSocket:
		return passOn(f, chain, server, a)
	case chain.Socket != TLSSocket:
		return Prediction{Why: fmt.Sprintf("the transport socket of the server's chain %s could not be read: %s", chain.Name, chain.Socket)}
	case f.hello == nil && f.inner == SpeaksNothing:
		return Prediction{Says: hop.Refused, Refusal: hop.ServerFirst, Why: fmt.Sprintf("the client waits for the server, whose chain %s waits for a ClientHello", chain.Name)}
	case f.hello == nil:
		return Prediction{Says: hop.Refused, Why: fmt.Sprintf("the client sends plaintext, and the server's chain %s expects TLS", chain.Name)}
	}
	return terminate(f, chain, server, a)
}

// terminate carries out the handshake at the server's proxy.
func terminate(f connectionStart, chain ChainFacts, server ServerFacts, a Attempt) Prediction {
	end := ServerEnd{TLSContext: chain.TLSContext, RequireClientCertificate: chain.RequireClientCertificate}
	negotiated := negotiate(*f.hello, end, a.At)
	if negotiated.failed {
		return Prediction{Says: hop.Refused, Refusal: negotiated.refusal, Assumed: negotiated.assumed, Why: fmt.Sprintf("at the server's chain %s: %s", chain.Name, negotiated.why)}
	}
	p := Prediction{Says: hop.OneWayTLS, Peer: negotiated.peer, Assumed: negotiated.assumed, Why: fmt.Sprintf("the server's chain %s %s", chain.Name, negotiated.why)}
	if negotiated.mutual {
		p.Says = hop.MTLS
	}
	return serve(p, f, chain, server, a)
}

// serve follows the bytes that a chain has taken, decrypted or in the clear, through its filters.
func serve(p Prediction, f connectionStart, chain ChainFacts, server ServerFacts, a Attempt) Prediction {
	if !a.Authorized {
		p = authorize(p, f, chain, server.Port)
	}
	switch {
	case p.Says == hop.Refused || p.Says == "":
		return p
	case chain.HTTP && f.inner == SpeaksNothing:
		p.Says, p.Refusal, p.Why = hop.Refused, hop.ServerFirst, fmt.Sprintf("the client waits for the server, whose chain %s waits for a request", chain.Name)
	case chain.HTTP && !f.inner.HTTP():
		p.Says, p.Refusal, p.Why = hop.Refused, hop.NotHTTP, fmt.Sprintf("the server's chain %s reads HTTP, and the client's bytes are none", chain.Name)
	case p.Says == hop.Plaintext && !chain.HTTP && a.Serves != nil:
		p.Says, p.Why = hop.Refused, "the client sends plaintext, and the application speaks TLS"
	}
	return p
}

// authorize asks the RBAC filters in their order; the network ones stand before any that reads HTTP.
func authorize(p Prediction, f connectionStart, chain ChainFacts, port uint16) Prediction {
	who := caller{tls: p.Says != hop.Plaintext, identity: p.Peer, port: port}
	for _, filter := range chain.Authorization {
		if filter.Layer == "http" && !f.inner.HTTP() {
			continue
		}
		allowed, err := filter.allows(who)
		switch {
		case err != nil:
			return Prediction{Why: err.Error()}
		case allowed == unknown:
			return Prediction{Why: fmt.Sprintf("an RBAC filter of the server's chain %s decides by more than the client's identity and the port", chain.Name)}
		case allowed == no:
			p.Says, p.Refusal, p.Why = hop.Refused, hop.Unauthorized, fmt.Sprintf("an RBAC filter of the server's chain %s denies the client, %s", chain.Name, nameOf(who))
			return p
		}
	}
	return p
}

func nameOf(c caller) string {
	switch {
	case c.identity != "":
		return string(c.identity)
	case c.tls:
		return "whose identity is not known"
	default:
		return "which proves no identity"
	}
}

// passOn follows TLS that a chain does not terminate: to a proxy behind, or to the application.
func passOn(f connectionStart, chain ChainFacts, server ServerFacts, a Attempt) Prediction {
	p := Prediction{Says: hop.Plaintext}
	if !a.Authorized {
		p = authorize(p, f, chain, server.Port)
	}
	if p.Says != hop.Plaintext {
		return p
	}
	if server.Gateway {
		if end := server.deadEnd(chain); end.Says != "" {
			return end
		}
		if a.Behind != nil {
			behind := *a.Behind
			a.Behind = nil
			return predict(f, behind, a)
		}
		if a.Serves == nil {
			return Prediction{Why: fmt.Sprintf("the gateway passes TLS on to %s, and what is there was not given", strings.Join(chain.Upstream, ", "))}
		}
	}
	if a.Serves == nil {
		return Prediction{Says: hop.Refused, Refusal: hop.NotTLS, Why: fmt.Sprintf("the client sends TLS, and the server's chain %s passes it on to the application as it is", chain.Name)}
	}
	negotiated := negotiate(*f.hello, *a.Serves, a.At)
	if negotiated.failed {
		return Prediction{Says: hop.Refused, Refusal: negotiated.refusal, Assumed: negotiated.assumed, Why: "at the application: " + negotiated.why}
	}
	// Envoy goes on without ALPN where nothing fits. An application refuses by RFC 7301, 3.2: alert no_application_protocol.
	if offered, taken := f.hello.ALPN, a.Serves.ALPN; len(offered) > 0 && len(taken) > 0 && !slices.ContainsFunc(offered, func(one string) bool { return slices.Contains(taken, one) }) {
		return Prediction{Says: hop.Refused, Why: fmt.Sprintf("the application speaks %v, and the client offers %v", taken, offered)}
	}
	p = Prediction{Says: hop.OneWayTLS, Peer: negotiated.peer, Assumed: negotiated.assumed, Why: "the application terminates the client's TLS and " + negotiated.why}
	switch {
	// TLS that a proxy on either side has passed on unread is the application's own TLS.
	case !server.NoProxy || f.own && f.proxied:
		p.Says = hop.AppTLS
	case negotiated.mutual:
		p.Says = hop.MTLS
	}
	return p
}

// deadEnd predicts the refusal of a gateway's chain whose clusters have no endpoint; without an outcome where they have. What an AUTO_PASSTHROUGH chain sends on has the cluster
// that the server name names, with no endpoint that does without mTLS.
func (s ServerFacts) deadEnd(chain ChainFacts) Prediction {
	for _, name := range chain.Upstream {
		endpoints, found := s.Onward[name]
		switch {
		case !found:
			return Prediction{Says: hop.Refused, Refusal: hop.NoCluster, Why: "the gateway has no cluster " + name}
		case endpoints == 0:
			return Prediction{Says: hop.Refused, Refusal: hop.NoEndpoint, Why: fmt.Sprintf("the gateway's cluster %s has no endpoint", name)}
		}
	}
	return Prediction{}
}
