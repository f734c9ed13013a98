package envoy

import (
	"time"

	"mtls.test/conformance/e2e/hop"
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

// HTTP tells whether it is a request over HTTP.
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

// Attempt is what the two applications at the ends of a hop do, beside what their proxies are configured to.
type Attempt struct {
	Speaks Speech    // what the client's application sends first; empty stands for HTTP/1
	Own    Hello     // the application's own ClientHello, where it speaks TLS
	Host   string    // the host name asked for, with or without a port; it is the server name where the client's proxy takes it from there
	At     time.Time // when certificates must be valid; zero where that is not asked

	// Authorized leaves RBAC filters out: what is asked is TLS alone.
	Authorized bool
	// Serves is the TLS that the server's application terminates; nil where it speaks none. Its ALPN is what it insists on.
	Serves *ServerEnd
	// Behind is the proxy that TLS comes to which a gateway passes on, as with AUTO_PASSTHROUGH; nil where there is none.
	Behind *ServerFacts
}

// Hello is the client's end of a TLS handshake. Its TLSContext says what it offers and how it verifies the server.
type Hello struct {
	SNI string
	TLSContext
	Credential *Credential // presented when asked for; where it is nil, the TLSContext's certificate
}

// Credential is a client's certificate as far as a server judges it.
type Credential struct {
	Identity  hop.Identity
	Root      []byte // DER of the root that has signed it; where it is not known, Trusted tells
	Trusted   bool   // a root that the server trusts has signed it
	NotBefore time.Time
	NotAfter  time.Time
}

// ServerEnd is the server's end of a TLS handshake.
type ServerEnd struct {
	TLSContext
	RequireClientCertificate bool
	TakesAny                 bool // it asks for a client's certificate and verifies none
}
