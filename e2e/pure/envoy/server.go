package envoy

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
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
	Addresses                []string `json:"addresses,omitempty"`       // destinations as prefixes; none: any
	ServerNames              []string `json:"serverNames,omitempty"`
	TransportProtocol        string   `json:"transportProtocol,omitempty"` // "tls", "raw_buffer" or any
	ApplicationProtocols     []string `json:"applicationProtocols,omitempty"`
	Socket                   string   `json:"socket"` // TLSSocket, RawSocket, or the type URL of a socket that is not known
	RequireClientCertificate bool     `json:"requireClientCertificate,omitempty"`
	TLSContext
	Filters       []Filter        `json:"filters,omitempty"`
	HTTP          bool            `json:"http"`                    // it reads HTTP; otherwise it passes bytes on
	Upstream      []string        `json:"upstream,omitempty"`      // the clusters that it sends to
	MaxRequests   uint32          `json:"maxRequests,omitempty"`   // on one connection; zero: any number
	Authorization []Authorization `json:"authorization,omitempty"` // the RBAC filters
}

// ServerFacts is what a server's proxy does with connections to one port of its workload.
type ServerFacts struct {
	Listener     string       `json:"listener"`
	Port         uint16       `json:"port"` // the workload's port, not the Service's
	Updated      time.Time    `json:"updated,omitzero"`
	Warming      bool         `json:"warming,omitempty"`      // a newer version of the listener has arrived and is not in force
	DetectsTLS   bool         `json:"detectsTLS"`             // the listener tells TLS from raw on this port; where it does not, TLS counts as raw
	DetectsHTTP  bool         `json:"detectsHTTP"`            // the listener tells HTTP versions apart in the clear
	ClientFirst  bool         `json:"clientFirst,omitempty"`  // no chain is picked before the client has sent something
	Chains       []ChainFacts `json:"chains,omitempty"`       // those that compete for the port
	DefaultChain *ChainFacts  `json:"defaultChain,omitempty"` // taken when none of them matches
	Lost         []string     `json:"lost,omitempty"`         // what could not be read, by its place
	Undecided    string       `json:"undecided,omitempty"`    // why it cannot be said which chain a connection meets
	NoProxy      bool         `json:"naked,omitempty"`        // no proxy: the application takes the connection itself
	Gateway      bool         `json:"gateway,omitempty"`      // what a chain passes on goes to another workload

	bySource bool // nothing but a chain's match on the client's address leaves it undecided

	// Onward counts the endpoints of each cluster to which a gateway passes TLS on; one that is not there is not in it.
	Onward map[string]int `json:"onward,omitempty"`

	// Plain and Istio are derived: what a plaintext connection meets, and one with Istio's ALPN and a mesh certificate.
	Plain Prediction `json:"plain"`
	Istio Prediction `json:"istio"`
}

// Server returns what the proxy does with connections to a port of its workload. The error wraps ErrAbsent when
// the dump has no inbound listener in force.
func (d *Dump) Server(port uint16) (ServerFacts, error) {
	return d.ServerAt(netip.AddrPortFrom(netip.Addr{}, port))
}

// ServerAt is Server for a known address of the workload. It decides between chains that match by the address, which
// are undecided without one.
func (d *Dump) ServerAt(to netip.AddrPort) (ServerFacts, error) {
	l, found := d.listeners[virtualInbound]
	if !found {
		return ServerFacts{}, fmt.Errorf("listener %s: %w", virtualInbound, ErrAbsent)
	}
	return d.serve(l, to), nil
}

// Gateway returns what a gateway's proxy does with connections to a port that it listens on: its pod's port, which is
// a Service's target port. The error wraps ErrAbsent when it does not listen there.
func (d *Dump) Gateway(port uint16) (ServerFacts, error) {
	for _, name := range slices.Sorted(maps.Keys(d.listeners)) {
		l := d.listeners[name]
		if l.port == port && name != virtualInbound {
			facts := d.serve(l, netip.AddrPortFrom(netip.Addr{}, port))
			facts.Gateway, facts.Onward = true, d.onward(facts.Chains)
			facts.derive()
			return facts, nil
		}
	}
	return ServerFacts{}, fmt.Errorf("listener on port %d: %w", port, ErrAbsent)
}

// WithoutProxy returns what a workload without a proxy does with connections to a port: its application takes them as they are.
func WithoutProxy(port uint16) ServerFacts {
	facts := ServerFacts{Port: port, NoProxy: true, Chains: []ChainFacts{{Name: "the application", Socket: RawSocket}}}
	facts.derive()
	return facts
}

func (d *Dump) serve(l listener, to netip.AddrPort) ServerFacts {
	facts := ServerFacts{Listener: l.name, Port: to.Port(), Updated: l.updated, Warming: l.warming}
	if l.matcher {
		facts.Undecided = "the listener picks chains by filter_chain_matcher, which is not evaluated"
	}
	facts.DetectsTLS = facts.inspected(l.binding, tlsInspector)
	facts.DetectsHTTP = facts.inspected(l.binding, httpInspector)
	facts.ClientFirst = facts.waits(l.binding)
	for _, c := range facts.ofAddress(ofPort(facts.candidates(l.binding), to.Port()), to.Addr()) {
		facts.Chains = append(facts.Chains, facts.readChain(d, c))
	}
	if l.fallback != nil {
		chain := facts.readChain(d, candidate{place: l.name + ".default_filter_chain", raw: l.fallback})
		facts.DefaultChain = &chain
	}
	facts.derive()
	return facts
}

func (d *Dump) onward(chains []ChainFacts) map[string]int {
	endpoints := map[string]int{}
	for _, chain := range chains {
		if chain.HTTP || chain.Socket != RawSocket {
			continue
		}
		for _, name := range chain.Upstream {
			if c, found := d.clusters[name]; found {
				endpoints[name] = len(d.endpointsOf(c))
			}
		}
	}
	return endpoints
}

func (s *ServerFacts) derive() {
	s.Plain = PredictPlain(*s, Attempt{})
	s.Istio = Predict(istioClient, *s, Attempt{})
	s.Plain.Assumed, s.Istio.Assumed = nil, nil
}

// istioClient is any Istio proxy with a mesh certificate; each of them offers one of these protocols.
var istioClient = ClientFacts{
	Socket:     TLSSocket,
	TLSContext: TLSContext{ALPN: []string{"istio"}, CertificateSecret: "default"},
}

func (s *ServerFacts) inspected(b *binding, filterType string) bool {
	inspects, err := b.inspects(filterType, s.Port)
	if err != nil {
		s.Undecided = err.Error()
	}
	return inspects
}

// waits reports whether the listener picks no chain before the client has sent something.
func (s *ServerFacts) waits(b *binding) bool {
	return (s.DetectsTLS || s.DetectsHTTP) && !b.patience.endsInAChain()
}

// endsInAChain reports whether a connection that sends nothing is assigned a chain after the timeout.
func (p patience) endsInAChain() bool {
	limit, err := time.ParseDuration(p.limit)
	return p.continues && (p.limit == "" || err == nil && limit > 0)
}

// candidate is a chain of which only the match has been read.
type candidate struct {
	place string
	raw   *anyChain
	match *listenerv3.FilterChainMatch
}

// candidates reads every chain's match. A match that cannot be read might be for any port, so the result is undecided.
func (s *ServerFacts) candidates(b *binding) []candidate {
	b.matched.Do(b.readMatches)
	s.Lost = append(s.Lost, b.faults...)
	if b.broken != "" {
		s.Undecided = "the match of " + b.broken + " could not be read"
	}
	return b.matches
}

func (b *binding) readMatches() {
	for i, raw := range b.chains {
		c := candidate{place: fmt.Sprintf("%s.filter_chains[%d] (%s)", b.name, i, raw.Name), raw: raw, match: &listenerv3.FilterChainMatch{}}
		if raw.Match != nil {
			if err := decode(raw.Match, c.match); err != nil {
				b.faults = append(b.faults, fmt.Sprintf("%s.filter_chain_match: %v", c.place, err))
				b.broken = c.place
				continue
			}
		}
		b.matches = append(b.matches, c)
	}
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

// ofAddress keeps, of the chains that compete for a port, those of the narrowest prefix that holds the address. Envoy does
// not go back to a wider prefix either. A prefix for all addresses matches without a known address.
func (s *ServerFacts) ofAddress(all []candidate, address netip.Addr) []candidate {
	narrowest := -1
	var left []candidate
	for _, c := range all {
		prefixes, err := prefixesOf(c.match)
		if err != nil {
			s.Undecided = fmt.Sprintf("the match of %s by address could not be read: %v", c.place, err)
			continue
		}
		fits := -1
		if len(prefixes) == 0 {
			fits = 0
		}
		for _, prefix := range prefixes {
			switch {
			case prefix.Bits() == 0:
				// Both families' prefixes for all stand for any address here: Istio sends them in pairs.
				fits = max(fits, 0)
			case !address.IsValid():
				s.Undecided = c.place + " also matches by address, and the workload's was not given"
			case prefix.Contains(address):
				fits = max(fits, prefix.Bits())
			}
		}
		if fits > narrowest {
			narrowest, left = fits, nil
		}
		if fits >= 0 && fits == narrowest {
			left = append(left, c)
		}
	}
	return left
}

func prefixesOf(match *listenerv3.FilterChainMatch) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, r := range match.GetPrefixRanges() {
		address, err := netip.ParseAddr(r.GetAddressPrefix())
		if err != nil {
			return nil, err
		}
		prefix, err := address.Prefix(int(r.GetPrefixLen().GetValue()))
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

func (s *ServerFacts) readChain(d *Dump, c candidate) ChainFacts {
	chain := s.matchOf(c)
	s.readFilters(c.place, c.raw.Filters, &chain)
	s.readSocket(d, c.place, c.raw.Socket, &chain)
	return chain
}

// matchOf is the part of a chain's facts that its match states.
func (s *ServerFacts) matchOf(c candidate) ChainFacts {
	if bySource(c.match) && s.Undecided == "" {
		s.Undecided, s.bySource = c.place+" also matches by source, which is not evaluated", true
	}
	chain := ChainFacts{
		Name:                 c.raw.Name,
		DestinationPort:      uint16(c.match.GetDestinationPort().GetValue()),
		ServerNames:          c.match.GetServerNames(),
		TransportProtocol:    c.match.GetTransportProtocol(),
		ApplicationProtocols: c.match.GetApplicationProtocols(),
	}
	for _, r := range c.match.GetPrefixRanges() {
		chain.Addresses = append(chain.Addresses, fmt.Sprintf("%s/%d", r.GetAddressPrefix(), r.GetPrefixLen().GetValue()))
	}
	return chain
}

func bySource(match *listenerv3.FilterChainMatch) bool {
	return len(match.GetDirectSourcePrefixRanges()) > 0 || len(match.GetSourcePrefixRanges()) > 0 ||
		len(match.GetSourcePorts()) > 0 || match.GetSourceType() != listenerv3.FilterChainMatch_ANY
}

func (s *ServerFacts) readSocket(d *Dump, place string, raw *anySocket, chain *ChainFacts) {
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
	chain.TLSContext = d.readTLS(context.GetCommonTlsContext())
	chain.RequireClientCertificate = context.GetRequireClientCertificate().GetValue()
}
