package envoy

import (
	"slices"
	"strings"
)

// Connection is what a listener can tell of a connection before it picks a filter chain.
type Connection struct {
	TLS  bool
	SNI  string
	ALPN []string // offered in the ClientHello; for plaintext the HTTP version that would be detected: http/1.1, h2c
}

// Match returns the chain that a connection meets, and false where none matches and the proxy closes the connection.
// It has nothing to say when Undecided is set.
//
// Envoy goes through the criteria in a fixed order and keeps at each only the most specific chains that fit, without
// ever coming back to the others: destination port, address, server name, transport protocol, application protocol,
// (source). The chains of s are those that the port and the address leave. Only when nothing is left is the default chain taken. Source: FilterChainMatch in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto
func (s ServerFacts) Match(c Connection) (ChainFacts, bool) {
	if s.Undecided != "" {
		return ChainFacts{}, false
	}
	c = s.seen(c)
	left := s.Chains
	left = mostSpecific(left, serverNames, sniCandidates(c.SNI))
	left = mostSpecific(left, transportProtocol, []string{transport(c), ""})
	left = mostSpecific(left, applicationProtocols, append(slices.Clone(c.ALPN), ""))
	if len(left) > 0 {
		return left[0], true
	}
	if s.DefaultChain != nil {
		return *s.DefaultChain, true
	}
	return ChainFacts{}, false
}

// seen reduces a connection to what the listener's inspectors notice on this port.
func (s ServerFacts) seen(c Connection) Connection {
	if c.TLS && !s.DetectsTLS {
		return Connection{}
	}
	// Envoy keeps the server name in lower case.
	c.SNI = strings.ToLower(c.SNI)
	if !c.TLS {
		c.SNI = ""
		if !s.DetectsHTTP {
			c.ALPN = nil
		}
	}
	return c
}

func transport(c Connection) string {
	if c.TLS {
		return TLSSocket
	}
	return RawSocket
}

// mostSpecific keeps the chains that name the first candidate that any of them names. The candidate "" stands for
// chains that leave the criterion open.
func mostSpecific(chains []ChainFacts, criterion func(ChainFacts) []string, candidates []string) []ChainFacts {
	for _, candidate := range candidates {
		var left []ChainFacts
		for _, chain := range chains {
			wanted := criterion(chain)
			if candidate == "" && len(wanted) == 0 || slices.Contains(wanted, candidate) {
				left = append(left, chain)
			}
		}
		if len(left) > 0 {
			return left
		}
	}
	return nil
}

func serverNames(c ChainFacts) []string          { return c.ServerNames }
func applicationProtocols(c ChainFacts) []string { return c.ApplicationProtocols }
func transportProtocol(c ChainFacts) []string {
	if c.TransportProtocol == "" {
		return nil
	}
	return []string{c.TransportProtocol}
}

// sniCandidates lists a server name, the wildcards that cover it from the narrowest on, and "".
func sniCandidates(sni string) []string {
	if sni == "" {
		return []string{""}
	}
	candidates := []string{sni}
	for rest := sni; ; {
		_, parent, found := strings.Cut(rest, ".")
		if !found || parent == "" {
			return append(candidates, "")
		}
		candidates = append(candidates, "*."+parent)
		rest = parent
	}
}
