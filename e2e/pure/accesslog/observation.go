package accesslog

import (
	"strings"
	"unicode"

	"mtls.test/conformance/e2e/pure/hop"
)

// unanswered are the response flags by which a proxy reports that it had no answer from upstream.
// A 5xx without any of them is the application's own answer, and the hop carried it.
// Source: %RESPONSE_FLAGS% in https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
var unanswered = []string{
	"NR",   // no route, or no filter chain
	"NC",   // no such cluster
	"UH",   // no healthy upstream
	"UF",   // upstream connection failed
	"UC",   // upstream connection ended
	"UR",   // upstream reset
	"URX",  // retries or connect attempts exhausted
	"UO",   // circuit breaker
	"UT",   // upstream timed out
	"UPE",  // upstream protocol error
	"LR",   // reset by this proxy
	"SI",   // stream idle timeout
	"NFCF", // filter configuration not found
}

// Client reads the line as that of the proxy which opened the connection, by is the name of what was read.
//
// Envoy logs the client certificate it presented only with UPSTREAM_LOCAL_URI_SAN. Where the format lacks that operator
// mTLS means that the server proved its identity over TLS: a client that sends no certificate looks the same.
//
// A client completes a TLS 1.3 handshake before the server reads its certificate (RFC 8446, 2), so a proxied connection
// that the server refused shows the same parameters and no failure. Only a byte from the server is evidence of success.
func (l Line) Client(by string) hop.Observation {
	o := l.observation(hop.Client, by)
	o.Conn = hop.FiveTuple{Source: l.UpstreamLocalAddress, Destination: l.UpstreamRemoteAddress}
	if !o.Conn.Destination.IsValid() {
		o.Conn.Destination = l.UpstreamHost
	}
	o.Attempts = l.UpstreamRequestAttemptCount
	o.Symptom.TransportFailure = l.UpstreamTransportFailureReason
	if l.UpstreamTLSVersion != "" {
		o.TLS = &hop.TLSFacts{Version: l.UpstreamTLSVersion, Cipher: suite(l.UpstreamTLSCipher), Peer: hop.Identity(l.UpstreamPeerURISAN)}
	}
	switch {
	case l.unserved(), l.UpstreamTransportFailureReason != "", l.forbidden(), l.blocked():
		o.Says, o.Refusal = hop.Refused, l.clientCause()
	case l.has("DC"):
		o.Missing = "the caller went away before an answer (response flag DC)"
	case !l.UpstreamLocalAddress.IsValid():
		o.Missing = "the proxy answered itself, without a connection to the server: " + l.ResponseCodeDetails
	case l.Kind == Proxied && !l.logsBytes:
		o.Missing = "the log format has no bytes_sent: add it, for without it no line tells whether the server took a TCP connection"
	case l.Kind == Proxied && l.BytesSent == 0:
		o.Says = hop.Cut
	case l.UpstreamTLSVersion == "" && l.inspectedTLS():
		o.Says = hop.AppTLS
	case l.UpstreamTLSVersion == "":
		o.Says = l.unread()
	case l.UpstreamPeerURISAN != "" && (l.UpstreamLocalURISAN != "" || !l.logsLocalSAN):
		o.Says = hop.MTLS
	default:
		o.Says = hop.OneWayTLS
	}
	return o
}

// Server reads the line as that of the proxy which accepted the connection, by is the name of what was read.
// A failure between the proxy and its own application does not make the hop fail if an answer went back over it.
//
// Of a failed handshake only the server name is kept: Envoy logs the peer's name also from a certificate that it could
// not verify, and a version also where the two ends agreed on none.
func (l Line) Server(by string) hop.Observation {
	o := l.observation(hop.Server, by)
	o.Conn = hop.FiveTuple{Source: l.DownstreamDirectRemoteAddress, Destination: l.DownstreamLocalAddress}
	o.Symptom.TransportFailure = l.DownstreamTransportFailureReason
	switch {
	case l.handshakeFailed() && l.RequestedServerName != "":
		o.TLS = &hop.TLSFacts{SNI: l.RequestedServerName}
	case !l.handshakeFailed() && (l.DownstreamTLSVersion != "" || l.RequestedServerName != ""):
		o.TLS = &hop.TLSFacts{
			Version: l.DownstreamTLSVersion,
			Cipher:  suite(l.DownstreamTLSCipher),
			SNI:     l.RequestedServerName,
			Peer:    hop.Identity(l.DownstreamPeerURISAN),
			Serial:  l.DownstreamPeerSerial,
		}
	}
	switch {
	case l.serverRefused():
		o.Says, o.Refusal = hop.Refused, l.serverCause()
	case l.Kind == Listener, l.Kind == Proxied && l.logsBytes && l.BytesSent == 0:
		o.Says = hop.Cut
	case l.inspectedTLS():
		o.Says = hop.AppTLS
	case l.DownstreamTLSVersion == "":
		o.Says = l.unread()
	case l.DownstreamPeerURISAN != "":
		o.Says = hop.MTLS
	default:
		o.Says = hop.OneWayTLS
	}
	return o
}

// serverRefused reports whether the connection came to nothing at the server's proxy: no filter chain took it, the
// handshake failed, its bytes were not HTTP, a policy denied it, or it ended without an answer because the application
// was not reached.
func (l Line) serverRefused() bool {
	switch {
	case l.noFilterChain(), l.handshakeFailed(), l.has("DPE"), strings.HasPrefix(l.details(), denied):
		return true
	default:
		return l.ResponseCode == 0 && l.unserved()
	}
}

// unserved reports whether no answer came from upstream. A TCP connection may be reset after its answer.
func (l Line) unserved() bool {
	return l.has(unanswered...) && (l.Kind != Proxied || l.BytesSent == 0)
}

// With returns a request's line with what only its connection's listener line shows: what the TLS inspector made of
// bytes that are no HTTP.
func (l Line) With(listener Line) Line {
	if l.has("DPE") && l.DownstreamTransportFailureReason == "" {
		l.DownstreamTransportFailureReason = listener.DownstreamTransportFailureReason
	}
	return l
}

// inspectedTLS reports whether the proxy saw a ClientHello, by the server name in it, and passed it on unopened.
func (l Line) inspectedTLS() bool { return l.DownstreamTLSVersion == "" && l.RequestedServerName != "" }

// handshakeFailed reports whether the TLS handshake failed. A client may also disconnect after it used the connection. Bytes
// sent are no proof of success, because the greeting of a server that speaks first is counted too.
func (l Line) handshakeFailed() bool {
	gone := l.Kind == Proxied && l.BytesSent > 0 && strings.Contains(l.DownstreamTransportFailureReason, ":system_library:")
	return l.DownstreamTransportFailureReason != "" && !l.inspectorNote() && !gone
}

// unread is what a line without TLS says. A request was in the clear. Of bytes passed on unread the line does not say what
// they were.
func (l Line) unread() hop.Outcome {
	if l.Kind == Proxied {
		return hop.Raw
	}
	return hop.Plaintext
}

// details are why a request or, where there was none, its connection ended.
func (l Line) details() string {
	if l.ResponseCodeDetails != "" {
		return l.ResponseCodeDetails
	}
	return l.ConnectionTerminationDetails
}

// inspectorNote reports whether the failure reason is the TLS inspector's, which writes down why bytes are not TLS also
// when a plaintext chain then takes them. The handshake's own reasons begin with "TLS_error:" instead.
func (l Line) inspectorNote() bool {
	return l.DownstreamTLSVersion == "" && strings.HasPrefix(l.DownstreamTransportFailureReason, "TLS_error|error:")
}

func (l Line) observation(source hop.Source, by string) hop.Observation {
	return hop.Observation{
		Source: source,
		By:     by,
		ID:     l.HopID,
		At:     l.StartTime,
		Symptom: hop.Symptom{
			Status:  l.ResponseCode,
			Code:    capitals(l.GRPCStatus),
			Flags:   strings.Join(l.ResponseFlags, ","),
			Details: l.details(),
		},
	}
}

// capitals writes PermissionDenied, as Envoy spells a gRPC status, as PERMISSION_DENIED.
func capitals(status string) string {
	var out strings.Builder
	for i, letter := range status {
		if i > 0 && unicode.IsUpper(letter) && unicode.IsLower(rune(status[i-1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToUpper(letter))
	}
	return out.String()
}
