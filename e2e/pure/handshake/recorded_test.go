package handshake_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/pcapgo"

	"mtls.test/conformance/e2e/pure/handshake"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/recording"
)

// shows is what packets can show of an outcome. Under TLS 1.3 a handshake that fails is encrypted from the ServerHello on
// (RFC 8446 section 2), and looks like one that does not; in TLS 1.2 its alert is in the clear (RFC 5246 section 7.2).
func shows(a recording.Attempt) []hop.Outcome {
	switch {
	case a.Want == hop.Plaintext:
		return []hop.Outcome{hop.Plaintext}
	case a.Want != hop.Refused:
		return []hop.Outcome{hop.Encrypted}
	}
	switch a.Cause {
	case hop.NoFilterChain:
		return []hop.Outcome{hop.Cut}
	case hop.NotTLS:
		return []hop.Outcome{hop.Refused, hop.Cut}
	case hop.ProtocolVersion:
		return []hop.Outcome{hop.Refused}
	case hop.Unauthorized:
		if a.ClientKind == hop.Plain {
			return []hop.Outcome{hop.Plaintext, hop.Cut}
		}
		return []hop.Outcome{hop.Encrypted}
	}
	if a.Probe != nil && a.Probe.TLS == "1.2" {
		return []hop.Outcome{hop.Refused}
	}
	return []hop.Outcome{hop.Encrypted}
}

func TestRecordedPacketsShowWhatTheirCaseExpects(t *testing.T) {
	minors, err := recording.Load(os.DirFS("../recording/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		for _, situation := range minor.Situations {
			for _, attempt := range situation.Attempts {
				if len(attempt.Pcap) == 0 {
					continue // recording.Load has refused it where they must be there
				}
				t.Run(minor.Name+"/"+situation.Case+"/"+attempt.Name, func(t *testing.T) { showsRecorded(t, attempt) })
			}
		}
	}
}

func showsRecorded(t *testing.T, a recording.Attempt) {
	got := handshake.Capture{Conn: a.Conn, Packets: *a.Packets, Frames: frames(t, a.Pcap)}.Observation()
	if !slices.Contains(shows(a), got.Says) {
		t.Errorf("want %s %s, got %q, missing %q, of %+v", a.Want, a.Cause, got.Says, got.Missing, got.Symptom)
	}
	if inClear := got.Symptom.Details == handshake.ClearHTTP2; got.TLS == nil && inClear != (a.Protocol == hop.GRPC) {
		t.Errorf("HTTP/2 in the clear: got %t of %s", inClear, a.Protocol)
	}
	offered := a.Client != "" && a.Want == hop.MTLS
	if want := strings.ReplaceAll(a.Cluster, "|", "_."); offered && (got.TLS == nil || got.TLS.SNI != want || !slices.Contains(got.TLS.Offered, "istio")) {
		t.Errorf("got %+v, want server name %s and ALPN istio", got.TLS, want)
	}
	if a.Hello != nil && (got.TLS == nil || got.TLS.SNI != a.Hello.SNI || !slices.Equal(got.TLS.Offered, a.Hello.ALPN)) {
		t.Errorf("got %+v, want server name %q and ALPN %q", got.TLS, a.Hello.SNI, a.Hello.ALPN)
	}
	if want := a.Wire; want != nil {
		for _, part := range []struct{ what, got, want string }{
			{"version", got.TLS.Version, want.Version}, {"cipher", got.TLS.Cipher, want.Cipher}, {"group", got.TLS.Group, want.Group}, {"server name", got.TLS.SNI, want.SNI},
			{"ALPN", strings.Join(got.TLS.Offered, ","), strings.Join(want.ALPN, ",")},
		} {
			if part.want != "" && part.got != part.want {
				t.Errorf("%s: got %q, want %q", part.what, part.got, part.want)
			}
		}
	}
}

func frames(t *testing.T, pcap []byte) []handshake.Frame {
	t.Helper()
	reader, err := pcapgo.NewReader(bytes.NewReader(pcap))
	if err != nil {
		t.Fatal(err)
	}
	var all []handshake.Frame
	for {
		data, info, err := reader.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, handshake.Frame{At: info.Timestamp, Length: info.Length, Data: data})
	}
}
