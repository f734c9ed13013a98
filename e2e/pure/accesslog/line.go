// Package accesslog reads one line of a proxy's access log, in the JSON format that the suite installs, and says what
// it shows of a hop. A key of the format is the Envoy operator's name in lower case; hop_id and request_id are headers.
// The operators: https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/substitution_formatter
package accesslog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNotAccessLog is returned, wrapped, for a line that was never an access log line: Envoy's own log and
// pilot-agent's share the same stream.
var ErrNotAccessLog = errors.New("not an access log line")

// Line is one access log line. What Envoy left unset, null or "-", is the zero value. An address that is no IP
// address and port, of a Unix socket or an internal listener, is invalid.
type Line struct {
	Kind      Kind
	StartTime time.Time
	HopID     string
	RequestID string

	Protocol            string // HTTP/1.1, HTTP/2; empty for TCP
	Method              string
	Authority           string
	Path                string
	Duration            time.Duration
	ResponseCode        int // zero for TCP, and when no response was begun
	ResponseCodeDetails string
	ResponseFlags       []string // UC, NR, …: one element each
	GRPCStatus          string   // OK, Unavailable, …

	ConnectionID                 int
	ConnectionTerminationDetails string
	FilterChainName              string
	RequestedServerName          string

	DownstreamDirectRemoteAddress    netip.AddrPort
	DownstreamRemoteAddress          netip.AddrPort
	DownstreamLocalAddress           netip.AddrPort
	DownstreamTLSVersion             string
	DownstreamTLSCipher              string
	DownstreamPeerURISAN             string
	DownstreamPeerSerial             string
	DownstreamTransportFailureReason string

	BytesReceived int // from downstream
	BytesSent     int // to downstream; of a proxied connection, what came from upstream

	UpstreamCluster                string
	UpstreamRequestAttemptCount    int
	UpstreamConnectionID           int
	UpstreamHost                   netip.AddrPort
	UpstreamRemoteAddress          netip.AddrPort
	UpstreamLocalAddress           netip.AddrPort
	UpstreamTLSVersion             string
	UpstreamTLSCipher              string
	UpstreamPeerURISAN             string
	UpstreamLocalURISAN            string // of the client certificate that this proxy presented
	UpstreamTransportFailureReason string

	// These report that the format has the operator. Then an unset value means that no certificate was presented, and zero
	// means that no byte was sent.
	logsLocalSAN, logsBytes bool
}

// Parse reads one line. The error wraps ErrNotAccessLog when the line is of another kind; any other error is an
// access log line that is damaged or cut short.
func Parse(line []byte) (Line, error) {
	line = bytes.TrimSpace(line)
	if !bytes.HasPrefix(line, []byte("{")) {
		return Line{}, ErrNotAccessLog
	}
	f := fields{}
	if err := json.Unmarshal(line, &f.raw); err != nil {
		return Line{}, fmt.Errorf("access log line of %d bytes: %w", len(line), err)
	}
	for _, key := range []string{"start_time", "response_flags", "downstream_local_address"} {
		if _, found := f.raw[key]; !found {
			return Line{}, fmt.Errorf("%w: it has no %s", ErrNotAccessLog, key)
		}
	}
	_, logsLocalSAN := f.raw["upstream_local_uri_san"]
	_, logsBytes := f.raw["bytes_sent"]
	parsed := Line{
		StartTime: f.time("start_time"),
		HopID:     f.text("hop_id"),
		RequestID: f.text("request_id"),

		Protocol:            f.text("protocol"),
		Method:              f.text("method"),
		Authority:           f.text("authority"),
		Path:                f.text("path"),
		Duration:            time.Duration(f.number("duration")) * time.Millisecond,
		ResponseCode:        f.number("response_code"),
		ResponseCodeDetails: f.text("response_code_details"),
		ResponseFlags:       f.list("response_flags"),
		GRPCStatus:          f.text("grpc_status"),

		ConnectionID:                 f.number("connection_id"),
		ConnectionTerminationDetails: f.text("connection_termination_details"),
		FilterChainName:              f.text("filter_chain_name"),
		RequestedServerName:          f.text("requested_server_name"),

		DownstreamDirectRemoteAddress:    f.address("downstream_direct_remote_address"),
		DownstreamRemoteAddress:          f.address("downstream_remote_address"),
		DownstreamLocalAddress:           f.address("downstream_local_address"),
		DownstreamTLSVersion:             f.text("downstream_tls_version"),
		DownstreamTLSCipher:              f.text("downstream_tls_cipher"),
		DownstreamPeerURISAN:             f.text("downstream_peer_uri_san"),
		DownstreamPeerSerial:             f.text("downstream_peer_serial"),
		DownstreamTransportFailureReason: f.text("downstream_transport_failure_reason"),

		BytesReceived: f.number("bytes_received"),
		BytesSent:     f.number("bytes_sent"),

		UpstreamCluster:                f.text("upstream_cluster"),
		UpstreamRequestAttemptCount:    f.number("upstream_request_attempt_count"),
		UpstreamConnectionID:           f.number("upstream_connection_id"),
		UpstreamHost:                   f.address("upstream_host"),
		UpstreamRemoteAddress:          f.address("upstream_remote_address"),
		UpstreamLocalAddress:           f.address("upstream_local_address"),
		UpstreamTLSVersion:             f.text("upstream_tls_version"),
		UpstreamTLSCipher:              f.text("upstream_tls_cipher"),
		UpstreamPeerURISAN:             f.text("upstream_peer_uri_san"),
		UpstreamLocalURISAN:            f.text("upstream_local_uri_san"),
		UpstreamTransportFailureReason: f.text("upstream_transport_failure_reason"),

		logsLocalSAN: logsLocalSAN,
		logsBytes:    logsBytes,
	}
	parsed.Kind = parsed.kind(f.text("log"))
	if f.err != nil {
		return Line{}, fmt.Errorf("access log line: %w", f.err)
	}
	return parsed, nil
}

// has reports whether Envoy set any of these response flags.
func (l Line) has(flags ...string) bool {
	return slices.ContainsFunc(l.ResponseFlags, func(set string) bool { return slices.Contains(flags, set) })
}

// fields reads values by key and keeps the first error.
type fields struct {
	raw map[string]json.RawMessage
	err error
}

// text accepts a number as well, because the operator decides the JSON type that Envoy writes.
func (f *fields) text(key string) string {
	raw := f.raw[key]
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return ""
	}
	if raw[0] != '"' {
		return string(raw)
	}
	var value string
	if err := json.Unmarshal(raw, &value); err != nil {
		f.fail(key, err)
	}
	if value == "-" {
		return ""
	}
	return value
}

func (f *fields) list(key string) []string {
	value := f.text(key)
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}

func (f *fields) number(key string) int {
	value := f.text(key)
	if value == "" {
		return 0
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		f.fail(key, err)
	}
	return n
}

func (f *fields) time(key string) time.Time {
	value := f.text(key)
	if value == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		f.fail(key, err)
	}
	return t
}

func (f *fields) address(key string) netip.AddrPort {
	address, err := netip.ParseAddrPort(f.text(key))
	if err != nil {
		return netip.AddrPort{}
	}
	return address
}

func (f *fields) fail(key string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %w", key, err)
	}
}
