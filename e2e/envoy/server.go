package envoy

import (
	"fmt"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// virtualInbound is the one listener on which an Istio sidecar receives every connection to its workload.
const virtualInbound = "virtualInbound"

const (
	tlsInspector  = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
	httpInspector = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
)

// Filter is a network filter of a chain.
type Filter struct {
	Name string `json:"name"`
	Type string `json:"type"` // its message type: envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
}

// ChainFacts is one filter chain: what a connection must look like to meet it, and what it then meets.
type ChainFacts struct {
	Name                     string   `json:"name,omitempty"`
	DestinationPort          uint16   `json:"destinationPort,omitempty"` // zero: any port
	ServerNames              []string `json:"serverNames,omitempty"`
	TransportProtocol        string   `json:"transportProtocol,omitempty"` // "tls", "raw_buffer" or any
	ApplicationProtocols     []string `json:"applicationProtocols,omitempty"`
	Socket                   string   `json:"socket"` // TLSSocket, RawSocket, or the type URL of a socket that is not known
	RequireClientCertificate bool     `json:"requireClientCertificate,omitempty"`
	TLSContext
	Filters []Filter `json:"filters,omitempty"`
}

// ServerFacts is what a server's proxy does with connections to one port of its workload.
type ServerFacts struct {
	Listener     string       `json:"listener"`
	Port         uint16       `json:"port"` // the workload's port, not the Service's
	Updated      time.Time    `json:"updated,omitzero"`
	Warming      bool         `json:"warming,omitempty"`      // a newer version of the listener has arrived and is not in force
	DetectsTLS   bool         `json:"detectsTLS"`             // the listener tells TLS from raw on this port; where it does not, TLS counts as raw
	DetectsHTTP  bool         `json:"detectsHTTP"`            // the listener tells HTTP versions apart in the clear
	Chains       []ChainFacts `json:"chains,omitempty"`       // those that compete for the port
	DefaultChain *ChainFacts  `json:"defaultChain,omitempty"` // taken when none of them matches
	Lost         []string     `json:"lost,omitempty"`         // what could not be read, by its place
	Undecided    string       `json:"undecided,omitempty"`    // why it cannot be said which chain a connection meets

	// Plain and Istio are derived: what a plaintext connection meets, and one with Istio's ALPN and a mesh certificate.
	Plain Prediction `json:"plain"`
	Istio Prediction `json:"istio"`
}

// Server returns what the proxy does with connections to a port of its workload. The error wraps ErrAbsent when
// the dump has no inbound listener in force.
func (d *Dump) Server(port uint16) (ServerFacts, error) {
	l, found := d.listeners[virtualInbound]
	if !found {
		return ServerFacts{}, fmt.Errorf("listener %s: %w", virtualInbound, ErrAbsent)
	}
	facts := ServerFacts{Listener: virtualInbound, Port: port, Updated: l.updated, Warming: l.warming}
	if l.matcher {
		facts.Undecided = "the listener picks chains by filter_chain_matcher, which is not evaluated"
	}
	facts.DetectsTLS = facts.inspected(l, tlsInspector)
	facts.DetectsHTTP = facts.inspected(l, httpInspector)
	for _, c := range ofPort(facts.candidates(l), port) {
		facts.Chains = append(facts.Chains, facts.readChain(c))
	}
	if l.fallback != nil {
		chain := facts.readChain(candidate{place: virtualInbound + ".default_filter_chain", raw: *l.fallback})
		facts.DefaultChain = &chain
	}
	facts.Plain = PredictPlain(facts)
	facts.Istio = Predict(istioClient, facts)
	return facts, nil
}

// istioClient is any Istio proxy with a mesh certificate; each of them offers one of these protocols.
var istioClient = ClientFacts{
	Socket:     TLSSocket,
	TLSContext: TLSContext{ALPN: []string{"istio"}, CertificateSecret: "default"},
}

func (s *ServerFacts) inspected(l listener, filterType string) bool {
	inspects, err := l.inspects(filterType, s.Port)
	if err != nil {
		s.Undecided = err.Error()
	}
	return inspects
}

// candidate is a chain of which the match alone has been read.
type candidate struct {
	place string
	raw   anyChain
	match *listenerv3.FilterChainMatch
}

// candidates reads every chain's match. One that cannot be read might be any port's, and leaves the matter undecided.
func (s *ServerFacts) candidates(l listener) []candidate {
	var all []candidate
	for i, raw := range l.chains {
		c := candidate{place: fmt.Sprintf("%s.filter_chains[%d] (%s)", virtualInbound, i, raw.Name), raw: raw, match: &listenerv3.FilterChainMatch{}}
		if raw.Match != nil {
			if err := decode(raw.Match, c.match); err != nil {
				s.Lost = append(s.Lost, fmt.Sprintf("%s.filter_chain_match: %v", c.place, err))
				s.Undecided = "the match of " + c.place + " could not be read"
				continue
			}
		}
		all = append(all, c)
	}
	return all
}

// ofPort keeps the chains that compete for a port: when any chain names the port, those alone, for Envoy does not
// come back to the chains without a port when a later criterion fails.
func ofPort(all []candidate, port uint16) []candidate {
	var exact, general []candidate
	for _, c := range all {
		switch wanted := c.match.GetDestinationPort(); {
		case wanted == nil:
			general = append(general, c)
		case wanted.GetValue() == uint32(port):
			exact = append(exact, c)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return general
}

func (s *ServerFacts) readChain(c candidate) ChainFacts {
	if notEvaluated(c.match) {
		s.Undecided = c.place + " also matches by address or source, which is not evaluated"
	}
	chain := ChainFacts{
		Name:                 c.raw.Name,
		DestinationPort:      uint16(c.match.GetDestinationPort().GetValue()),
		ServerNames:          c.match.GetServerNames(),
		TransportProtocol:    c.match.GetTransportProtocol(),
		ApplicationProtocols: c.match.GetApplicationProtocols(),
	}
	for _, filter := range c.raw.Filters {
		chain.Filters = append(chain.Filters, Filter{Name: filter.Name, Type: typeOf(filter.Typed)})
	}
	s.readSocket(c.place, c.raw.Socket, &chain)
	return chain
}

func notEvaluated(match *listenerv3.FilterChainMatch) bool {
	return len(match.GetPrefixRanges()) > 0 || len(match.GetDirectSourcePrefixRanges()) > 0 || len(match.GetSourcePrefixRanges()) > 0 ||
		len(match.GetSourcePorts()) > 0 || match.GetSourceType() != listenerv3.FilterChainMatch_ANY
}

func (s *ServerFacts) readSocket(place string, raw *anySocket, chain *ChainFacts) {
	kind, known := raw.kind()
	chain.Socket = kind
	if !known {
		s.Lost = append(s.Lost, fmt.Sprintf("%s.transport_socket: unknown type %s", place, kind))
		return
	}
	if kind != TLSSocket {
		return
	}
	var context tlsv3.DownstreamTlsContext
	if err := decodeTyped(raw.Typed, &context); err != nil {
		chain.Socket = downstreamTLS
		s.Lost = append(s.Lost, fmt.Sprintf("%s.transport_socket: %v", place, err))
		return
	}
	chain.TLSContext = readTLS(context.GetCommonTlsContext())
	chain.RequireClientCertificate = context.GetRequireClientCertificate().GetValue()
}
