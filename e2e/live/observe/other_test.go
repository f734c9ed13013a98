package observe

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// ofAnother makes a line that of another request, which came over mTLS on a connection.
const ofAnother = `,"hop_id":"r-2","protocol":"HTTP/1.1","connection_id":3,"downstream_tls_version":"TLSv1.3","downstream_peer_uri_san":"spiffe://a/ns/b/sa/c"`

func TestALineOfAnotherRequestIsNoEvidenceOfAnAttempt(t *testing.T) {
	const from = "10.0.0.5:1000"
	attempt := Attempt{ID: "r-1", From: netip.MustParseAddrPort(from), Port: 8080}
	for name, add := range map[string]func(*Logs){
		"its request's line":                     func(l *Logs) { requested(l, from) },
		"the listener's line of its connection":  func(l *Logs) { requested(l, from); listened(l, from, `,"connection_id":3`+mutual) },
		"the listener's line before its request": func(l *Logs) { listened(l, from, `,"connection_id":3`+mutual); requested(l, from) },
	} {
		logs := logOf()
		add(logs)
		if seen, _, raw := logs.ServerLine(server, 0, attempt, nil); seen.Says != hop.Absent || raw != "" {
			t.Errorf("%s: says %s by %s", name, seen.Says, raw)
		}
	}
}

func TestALineOfNoRequestOnTheConnectionIsStillTheAttempts(t *testing.T) {
	logs := logOf(logged{from: "10.0.0.5:1000", to: "10.0.0.7:8080", flags: "DPE", connection: 3})
	attempt := Attempt{ID: "r-1", From: netip.MustParseAddrPort("10.0.0.5:1000"), Port: 8080}
	if seen, _, _ := logs.ServerLine(server, 0, attempt, nil); seen.Says != hop.Refused {
		t.Errorf("got %+v", seen)
	}
}

func TestWhatAGatewaysConnectionBecameIsNotReadFromAnotherRequest(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	from := netip.MustParseAddrPort("10.0.0.5:1000")
	logs := logOf()
	requested(logs, from.String())
	if seen, raw := logs.Behind(ended, server, 0, "r-1", from); seen.Missing == "" || raw != "" {
		t.Errorf("got %+v by %s", seen, raw)
	}
	if seen, _ := logs.Behind(ended, server, 0, "r-2", from); seen.Says != hop.MTLS {
		t.Errorf("its own: %+v", seen)
	}
}

func TestASentinelIsNoOtherSentinel(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	logs := logOf(logged{id: "s-1", from: "10.0.0.5:1000", to: "10.0.0.7:20000"})
	if _, err := logs.Sentinel(ended, server, 0, "s-2", 20000); err == nil {
		t.Error("the line of an earlier sentinel is taken for that of a later one")
	}
	if _, err := logs.Sentinel(ended, server, 0, "s-1", 20000); err != nil {
		t.Errorf("its own: %v", err)
	}
}

// The listener's line of a connection bears no id, and may come after the mark of the next sentinel.
func TestTheListenersLineOfAnEarlierSentinelIsNoSentinel(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	logs := logOf(logged{id: "s-1", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: 7})
	mark := logs.Mark(server)
	proxied(logs, "10.0.0.5:1000", `,"connection_id":7`)
	if _, err := logs.Sentinel(ended, server, mark, "s-2", 8080); err == nil {
		t.Error("it is taken for that of a later one")
	}
}

// requested adds the line of another request.
func requested(logs *Logs, from string) {
	logs.of(server).Line(time.Time{}, []byte(`{"start_time":"2026-11-24T01:49:07.915Z","response_flags":"-","response_code":200,
		"downstream_direct_remote_address":"`+from+`","downstream_local_address":"10.0.0.7:8080"`+ofAnother+`}`))
}
