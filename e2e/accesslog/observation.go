package accesslog

import (
	"strings"

	"mtls.test/conformance/e2e/hop"
)

// unanswered are the response flags with which a proxy says that it had no answer from upstream to give.
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
func (l Line) Client(by string) hop.Observation {
	o := l.observation(hop.Client, by)
	o.Conn = hop.FiveTuple{Source: l.UpstreamLocalAddress, Destination: l.UpstreamRemoteAddress}
	if !o.Conn.Destination.IsValid() {
		o.Conn.Destination = l.UpstreamHost
	}
	o.Attempts = l.UpstreamRequestAttemptCount
	o.Symptom.TransportFailure = l.UpstreamTransportFailureReason
	if l.UpstreamTLSVersion != "" {
		o.TLS = &hop.TLSFacts{Version: l.UpstreamTLSVersion, Cipher: l.UpstreamTLSCipher, Peer: hop.Identity(l.UpstreamPeerURISAN)}
	}
	switch {
	case l.has(unanswered...), l.UpstreamTransportFailureReason != "":
		o.Says = hop.Refused
	case l.has("DC"):
		o.Missing = "the caller went away before an answer (response flag DC)"
	case !l.UpstreamLocalAddress.IsValid():
		o.Missing = "the proxy answered itself, without a connection to the server: " + l.ResponseCodeDetails
	case l.UpstreamTLSVersion == "":
		o.Says = hop.Plaintext
	case l.UpstreamPeerURISAN != "" && (l.UpstreamLocalURISAN != "" || !l.logsLocalSAN):
		o.Says = hop.MTLS
	default:
		o.Says = hop.OneWayTLS
	}
	return o
}

// Server reads the line as that of the proxy which accepted the connection, by is the name of what was read.
// A failure between the proxy and its own application does not unmake the hop while an answer went back over it.
func (l Line) Server(by string) hop.Observation {
	o := l.observation(hop.Server, by)
	o.Conn = hop.FiveTuple{Source: l.DownstreamDirectRemoteAddress, Destination: l.DownstreamLocalAddress}
	o.Symptom.TransportFailure = l.DownstreamTransportFailureReason
	if l.DownstreamTLSVersion != "" || l.RequestedServerName != "" {
		o.TLS = &hop.TLSFacts{
			Version: l.DownstreamTLSVersion,
			Cipher:  l.DownstreamTLSCipher,
			SNI:     l.RequestedServerName,
			Peer:    hop.Identity(l.DownstreamPeerURISAN),
			Serial:  l.DownstreamPeerSerial,
		}
	}
	switch {
	case l.serverRefused():
		o.Says = hop.Refused
	case l.DownstreamTLSVersion == "":
		o.Says = hop.Plaintext
	case l.DownstreamPeerURISAN != "":
		o.Says = hop.MTLS
	default:
		o.Says = hop.OneWayTLS
	}
	return o
}

// serverRefused tells whether the connection came to nothing at the server's proxy: no filter chain took it, the
// handshake failed, its bytes were not HTTP, or it ended without an answer because the application was not reached.
func (l Line) serverRefused() bool {
	switch {
	case l.ResponseCodeDetails == "filter_chain_not_found":
		return true
	case l.DownstreamTransportFailureReason != "" && !l.inspectorNote():
		return true
	case l.has("DPE"):
		return true
	default:
		return l.ResponseCode == 0 && l.has(unanswered...)
	}
}

// inspectorNote tells whether the failure reason is the TLS inspector's, which writes down why bytes are not TLS also
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
			Code:    strings.ToUpper(l.GRPCStatus),
			Flags:   strings.Join(l.ResponseFlags, ","),
			Details: l.ResponseCodeDetails,
		},
	}
}
