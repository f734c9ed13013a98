package observe

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/hop"
)

// listened and proxied add a line of the listener, and of a TCP connection.
func listened(logs *Logs, from, more string) {
	logs.of(server).Line(time.Time{}, fmt.Appendf(nil, `{"log":"listener","start_time":"2026-11-24T01:49:07.915Z","response_flags":"-",
		"downstream_direct_remote_address":"%s","downstream_local_address":"10.0.0.7:8080"%s}`, from, more))
}

func proxied(logs *Logs, from, more string) {
	logs.of(server).Line(time.Time{}, fmt.Appendf(nil, `{"start_time":"2026-11-24T01:49:07.915Z","response_flags":"-","connection_id":9,
		"downstream_direct_remote_address":"%s","downstream_local_address":"10.0.0.7:8080"%s}`, from, more))
}

const (
	noCertificate = `,"connection_id":3,"downstream_tls_version":"TLSv1.3","downstream_transport_failure_reason":"TLS_error:|268435648:SSL_routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:TLS_error_end"`
	wrongName     = `,"requested_server_name":"outbound_.8080_._.a","downstream_transport_failure_reason":"TLS_error:|268436502:SSL_routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_UNKNOWN:TLS_error_end"`
	mutual        = `,"downstream_tls_version":"TLSv1.3","downstream_peer_uri_san":"spiffe://a/ns/b/sa/c"`
)

func TestAListenersLineServesAnAttemptThatNeverBecameARequest(t *testing.T) {
	from := netip.MustParseAddrPort("10.0.0.5:1000")
	logs := logOf(logged{id: "r-1", from: "10.0.0.5:1001", to: "10.0.0.7:8080", connection: 4})
	listened(logs, "10.0.0.5:1001", `,"connection_id":4`)
	listened(logs, from.String(), noCertificate)
	if seen, _, _ := logs.ServerLine(server, 0, Attempt{ID: "r-2", From: from, Port: 8080}, nil); seen.Says != hop.Refused || seen.Refusal != hop.NoClientCertificate {
		t.Errorf("got %+v", seen)
	}
	if seen, _, _ := logs.ServerLine(server, 0, Attempt{ID: "r-1", From: netip.MustParseAddrPort("10.0.0.5:1001"), Port: 8080}, nil); seen.Says != hop.Plaintext {
		t.Errorf("the request's own line must win: %+v", seen)
	}
}

func TestOfATCPConnectionTheProxysLineWinsOverTheListeners(t *testing.T) {
	logs := logOf()
	proxied(logs, "10.0.0.5:1000", mutual)
	listened(logs, "10.0.0.5:1000", `,"connection_id":9`+mutual)
	seen, line, _ := logs.ServerLine(server, 0, Attempt{ID: "r-1", From: netip.MustParseAddrPort("10.0.0.5:1000"), Port: 8080}, nil)
	if seen.Says != hop.MTLS || line.ConnectionID != 9 {
		t.Errorf("got %+v", seen)
	}
}

func TestOfARewrittenConnectionTheProxysLineWinsOverTheListeners(t *testing.T) {
	const rewritten = "10.0.0.5:60033"
	byProxy, byListener := func(l *Logs) { proxied(l, rewritten, mutual) }, func(l *Logs) { listened(l, rewritten, `,"connection_id":9`+mutual) }
	for name, add := range map[string][]func(*Logs){"first": {byProxy, byListener}, "last": {byListener, byProxy}, "alone": {byProxy}} {
		logs := logOf(logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:50051", connection: 3})
		for _, line := range add {
			line(logs)
		}
		seen, line, _ := logs.ServerLine(server, 0, Attempt{ID: "r-2", From: netip.MustParseAddrPort("10.0.0.5:1000"), Port: 8080}, nil)
		if seen.Says != hop.MTLS || seen.Conn.Source.String() != rewritten || line.Kind != accesslog.Proxied {
			t.Errorf("%s: %+v", name, seen)
		}
	}
}

func TestBytesThatAreNoHTTPAreNamedByTheListenersLine(t *testing.T) {
	logs := logOf(logged{from: "10.0.0.5:1000", to: "10.0.0.7:8080", flags: "DPE", connection: 5})
	attempt := Attempt{ID: "r-1", From: netip.MustParseAddrPort("10.0.0.5:1000"), Port: 8080}
	if seen, _, _ := logs.ServerLine(server, 0, attempt, nil); seen.Refusal != "" {
		t.Errorf("without it: %+v", seen)
	}
	listened(logs, "10.0.0.5:1000", `,"connection_id":5,"downstream_transport_failure_reason":"TLS_error|error:100000f7:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end"`)
	if seen, _, _ := logs.ServerLine(server, 0, attempt, nil); seen.Refusal != hop.NotHTTP {
		t.Errorf("with it: %+v", seen)
	}
}

func TestAHandshakeThatFailedAtTheClientIsJoinedWhereOneConnectionCanBeIt(t *testing.T) {
	const ours, other = "10.0.0.5:1000", "10.0.0.5:1002"
	for name, test := range map[string]struct {
		add  func(*Logs)
		says hop.Outcome
		lost string
	}{
		"one that failed": {func(l *Logs) { listened(l, ours, wrongName) }, hop.Refused, ""},
		"none":            {func(*Logs) {}, hop.Absent, ""},
		"two that failed": {func(l *Logs) { listened(l, ours, wrongName); listened(l, other, wrongName) }, "", "2 connections"},
		"another with another server name": {func(l *Logs) {
			listened(l, ours, wrongName)
			listened(l, other, strings.Replace(wrongName, "_.a", "_.b", 1))
		}, hop.Refused, ""},
		"another that TLS stood on": {func(l *Logs) { listened(l, ours, wrongName); listened(l, other, mutual) }, hop.Refused, ""},
		"another that became a request": {func(l *Logs) {
			listened(l, ours, wrongName)
			listened(l, other, `,"connection_id":7`)
			l.of(server).Line(time.Time{}, []byte(`{"start_time":"2026-11-24T01:49:07.915Z","hop_id":"r-9","connection_id":7,"response_flags":"-",
				"downstream_direct_remote_address":"10.0.0.5:1002","downstream_local_address":"10.0.0.7:8080"}`))
		}, hop.Refused, ""},
		"one of another pod": {func(l *Logs) { listened(l, "10.0.0.6:1000", wrongName) }, hop.Absent, ""},
	} {
		logs := logOf()
		test.add(logs)
		attempt := Attempt{ID: "r-1", Port: 8080, Client: netip.MustParseAddr("10.0.0.5"), SNI: "outbound_.8080_._.a"}
		seen, _, _ := logs.ServerLine(server, 0, attempt, nil)
		if seen.Says != test.says || !strings.Contains(seen.Missing, test.lost) || (test.lost == "") != (seen.Missing == "") {
			t.Errorf("%s: says %q, missing %q", name, seen.Says, seen.Missing)
		}
		if test.says == hop.Refused && (seen.Conn.Source.String() != ours || seen.Refusal != hop.WrongSAN) {
			t.Errorf("%s: %+v", name, seen)
		}
	}
}

func TestATCPConnectionIsFoundByItsClientsSocket(t *testing.T) {
	logs := logOf()
	listened(logs, "10.0.0.5:1000", "")
	proxied(logs, "10.0.0.5:1000", `,"bytes_sent":9,"upstream_local_address":"10.0.0.6:7","upstream_remote_address":"10.0.0.7:9000"`)
	socket := hop.FiveTuple{Source: netip.MustParseAddrPort("10.0.0.5:1000"), Destination: netip.MustParseAddrPort("10.0.0.7:8080")}
	seen, _, _ := logs.ClientLine(context.Background(), server, 0, "r-1", socket)
	if seen.ID != "r-1" || seen.Says != hop.Raw || seen.Conn.String() != "10.0.0.6:7 -> 10.0.0.7:9000" {
		t.Errorf("got %+v", seen)
	}
}

func TestANewConnectionIsNotTakenForOneBeforeTheMark(t *testing.T) {
	logs := logOf()
	listened(logs, "10.0.0.5:1000", noCertificate)
	attempt := Attempt{ID: "r-1", From: netip.MustParseAddrPort("10.0.0.5:1000"), Port: 8080}
	if seen, _, _ := logs.ServerLine(server, logs.Mark(server), attempt, nil); seen.Says != hop.Absent {
		t.Errorf("got %+v", seen)
	}
}
