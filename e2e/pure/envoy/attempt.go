package envoy

import (
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// Speech is how the first bytes that a client's application sends look to a proxy.
type Speech string

// The kinds of first bytes that make a difference to a proxy.
const (
	SpeaksHTTP1   Speech = "http/1.1"
	SpeaksHTTP2   Speech = "h2c" // the preface of HTTP/2 in the clear, as gRPC sends it
	SpeaksBytes   Speech = "bytes"
	SpeaksNothing Speech = "nothing" // the server speaks first
	SpeaksTLS     Speech = "tls"     // a ClientHello of the application's own
)

// SpeechOf returns what the world's applications send first on a port of that protocol. A port of undeclared
// protocol is spoken to in HTTP; who speaks to it in bytes says SpeaksBytes.
func SpeechOf(protocol hop.Protocol) Speech {
	switch protocol {
	case hop.GRPC:
		return SpeaksHTTP2
	case hop.TCP:
		return SpeaksBytes
	case hop.Greet:
		return SpeaksNothing
	case hop.TLS:
		return SpeaksTLS
	default:
		return SpeaksHTTP1
	}
}

// HTTP reports whether it is a request over HTTP.
func (s Speech) HTTP() bool { return s == SpeaksHTTP1 || s == SpeaksHTTP2 || s == "" }

// detected is what an HTTP inspector makes of the bytes.
func (s Speech) detected() []string {
	switch s {
	case SpeaksHTTP1, "":
		return []string{string(SpeaksHTTP1)}
	case SpeaksHTTP2:
		return []string{string(SpeaksHTTP2)}
	default:
		return nil
	}
}

// Attempt is what the two applications at the ends of a hop do, independent of the configuration of their proxies.
type Attempt struct {
	Speaks Speech    `json:"speaks,omitempty"` // what the client's application sends first; empty stands for HTTP/1
	Own    Hello     `json:"own,omitzero"`     // the application's own ClientHello, where it speaks TLS
	Host   string    `json:"host,omitempty"`   // the host name asked for, with or without a port; it is the server name where the client's proxy takes it from there
	At     time.Time `json:"at,omitzero"`      // when certificates must be valid; zero where that is not asked

	// Authorized skips the RBAC filters: only TLS is predicted.
	Authorized bool `json:"authorized,omitempty"`
	// Serves is the TLS that the server's application terminates; nil where it speaks none. Its ALPN is what it insists on.
	Serves *ServerEnd `json:"serves,omitempty"`
	// Behind is the proxy that receives TLS which a gateway passes on, as with AUTO_PASSTHROUGH; nil where there is none.
	Behind *ServerFacts `json:"behind,omitempty"`
}

// Hello is the client's end of a TLS handshake. Its TLSContext says what it offers and how it verifies the server.
type Hello struct {
	SNI string `json:"sni,omitempty"`
	TLSContext
	Credential *Credential `json:"credential,omitempty"` // presented when asked for; where it is nil, the TLSContext's certificate
}

// Credential is the part of a client's certificate that a server verifies.
type Credential struct {
	Identity  hop.Identity `json:"identity,omitempty"`
	Root      []byte       `json:"root,omitempty"`    // DER of the root that has signed it; where it is not known, Trusted tells
	Trusted   bool         `json:"trusted,omitempty"` // a root that the server trusts has signed it
	NotBefore time.Time    `json:"notBefore,omitzero"`
	NotAfter  time.Time    `json:"notAfter,omitzero"`
}

// ServerEnd is the server's end of a TLS handshake.
type ServerEnd struct {
	TLSContext
	RequireClientCertificate bool `json:"requireClientCertificate,omitempty"`
	TakesAny                 bool `json:"takesAny,omitempty"` // it asks for a client's certificate and verifies none
}
