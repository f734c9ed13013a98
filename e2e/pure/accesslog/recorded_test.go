package accesslog_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/recording"
)

// namedBy are the causes of a refusal that a proxy must name, by the end at which its proxy stands.
var namedBy = map[hop.Source][]hop.Refusal{
	hop.Client: {hop.NotTLS, hop.WrongSAN, hop.NoEndpoint},
	hop.Server: {hop.NoFilterChain, hop.NoClientCertificate, hop.UnknownCA, hop.Expired, hop.Unauthorized, hop.ProtocolVersion},
}

// recordedLines calls for each recorded line of one end's proxy, with what it was read for.
func recordedLines(t *testing.T, raw func(recording.Attempt) []byte, read func(accesslog.Line, string) hop.Observation, work func(*testing.T, recording.Attempt, hop.Observation)) {
	minors, err := recording.Load(os.DirFS("../recording/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		for _, situation := range minor.Situations {
			for _, attempt := range situation.Attempts {
				text := bytes.TrimSuffix(raw(attempt), []byte("\n"))
				if len(text) == 0 {
					continue // recording.Load has refused it where it must be there
				}
				t.Run(minor.Name+"/"+situation.Case+"/"+attempt.Name, func(t *testing.T) {
					line, err := accesslog.Parse(text)
					if err != nil {
						t.Fatal(err)
					}
					work(t, attempt, read(line, "the pod"))
				})
			}
		}
	}
}

// unread tells whether the proxy at an end passes the bytes of an attempt on as they are. A client's does so at an address that
// it knows of no service, whatever is spoken there (https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/).
func unread(a recording.Attempt, end hop.Source) bool {
	return a.Protocol == hop.TCP || a.Protocol == hop.Greet || a.Protocol == hop.TLS || a.As == string(hop.TCP) ||
		end == hop.Client && a.Cluster == envoy.PassthroughCluster
}

// served is what a proxy can say of an attempt that is served. Of what it passes on unread it knows only that it ended no TLS,
// and that it was TLS only by the server name in the ClientHello.
func served(a recording.Attempt, end hop.Source) hop.Outcome {
	switch {
	case !unread(a, end):
		return a.Want
	case a.Want == hop.Plaintext, a.Want == hop.AppTLS && a.Hello != nil && a.Hello.SNI == "":
		return hop.Raw
	}
	return a.Want
}

func peerOf(o hop.Observation) hop.Identity {
	if o.TLS == nil {
		return ""
	}
	return o.TLS.Peer
}

func TestARecordedLineOfAClientsProxySaysWhatItsCaseExpects(t *testing.T) {
	lineOf := func(a recording.Attempt) []byte { return a.ClientLine }
	recordedLines(t, lineOf, accesslog.Line.Client, func(t *testing.T, a recording.Attempt, got hop.Observation) {
		if a.Want == hop.Refused {
			refused(t, a, got)
			// Of TCP that the server closed a proxy knows no more than that no answer came.
			if got.Says != hop.Refused && (!unread(a, got.Source) || got.Says != hop.Cut) {
				t.Errorf("got says %q of %+v", got.Says, got.Symptom)
			}
		} else if got.Says != served(a, got.Source) || got.Missing != "" || got.Attempts != 1 {
			t.Errorf("got says %q, attempts %d, missing %q", got.Says, got.Attempts, got.Missing)
		}
		if a.Want == hop.MTLS && peerOf(got) != a.Identity.Server {
			t.Errorf("the server proved %q, want %q", peerOf(got), a.Identity.Server)
		}
		if !unread(a, got.Source) && got.ID != a.ID {
			t.Errorf("got id %q, want %q", got.ID, a.ID)
		}
		sameConnection(t, a, got)
	})
}

func TestARecordedLineOfAServersProxySaysWhatItsCaseExpects(t *testing.T) {
	lineOf := func(a recording.Attempt) []byte { return a.ServerLine }
	recordedLines(t, lineOf, accesslog.Line.Server, func(t *testing.T, a recording.Attempt, got hop.Observation) {
		if a.Want == hop.Refused {
			refused(t, a, got)
		} else if got.Says != served(a, got.Source) || got.Missing != "" {
			t.Errorf("got says %q, missing %q", got.Says, got.Missing)
		}
		if a.Want == hop.MTLS && peerOf(got) != a.Identity.Client {
			t.Errorf("the client proved %q, want %q", peerOf(got), a.Identity.Client)
		}
		if a.Want != hop.MTLS && a.Cause != hop.Unauthorized && peerOf(got) != "" {
			t.Errorf("the client proved %q where nothing is proved", peerOf(got))
		}
		if a.Want == hop.MTLS && (got.TLS.Version == "" || got.TLS.Cipher == "" || len(got.TLS.Serial) == 0 || got.TLS.SNI != serverName(a)) {
			t.Errorf("got %+v, want server name %s", got.TLS, serverName(a))
		}
		sameConnection(t, a, got)
	})
}

// serverName is what the client's ClientHello names (istio/istio pilot/pkg/model/service.go BuildDNSSrvSubsetKey).
func serverName(a recording.Attempt) string {
	if a.Hello != nil {
		return a.Hello.SNI
	}
	return strings.ReplaceAll(a.Cluster, "|", "_.")
}

// refused holds a line to the cause of a refusal: it names that one or none, and where its proxy is the one to know it, that one.
func refused(t *testing.T, a recording.Attempt, got hop.Observation) {
	t.Helper()
	must := slices.Contains(namedBy[got.Source], a.Cause)
	if got.Refusal != a.Cause && (must || got.Refusal != "") || must && got.Says != hop.Refused {
		t.Errorf("got says %q, cause %q of %+v, want %s", got.Says, got.Refusal, got.Symptom, a.Cause)
	}
}

// sameConnection holds a line to the connection that was on the wire, as far as its proxy logs its two ends.
func sameConnection(t *testing.T, a recording.Attempt, got hop.Observation) {
	t.Helper()
	if a.Conn.Source.IsValid() && got.Conn.Source.IsValid() && got.Conn != a.Conn {
		t.Errorf("got connection %s, want %s", got.Conn, a.Conn)
	}
}
