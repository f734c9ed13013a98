package handshake_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"mtls.test/conformance/e2e/pure/handshake"
	"mtls.test/conformance/e2e/pure/hop"
)

const (
	request  = "GET /v1/products HTTP/1.1\r\nHost: product-service\r\nX-Hop-Id: 0123456789abcdef\r\nAuthorization: Bearer a-secret\r\n\r\n"
	answer   = "HTTP/1.1 200 OK\r\nSet-Cookie: another-secret\r\n\r\n"
	preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	tooOld   = "\x15\x03\x01\x00\x02\x02\x46" // alert protocol_version
	badHello = "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"
)

// hello is a ClientHello, the first that a client says.
func hello(t testing.TB) string {
	t.Helper()
	return string(shake(t, &tls.Config{}, &tls.Config{}).said[0].data)
}

func TestWhatTheFirstBytesSay(t *testing.T) {
	tests := map[string]struct {
		client, server string
		serverFirst    bool
		open           bool
		says           hop.Outcome
		error, details string
		missing        string
	}{
		"HTTP/1 in the clear":                 {client: request, server: answer, says: hop.Plaintext},
		"HTTP/2 in the clear":                 {client: preface, server: "\x00\x00\x00\x04\x00\x00\x00\x00\x00", says: hop.Plaintext, details: handshake.ClearHTTP2},
		"a greeting of the server":            {client: "hello", server: "220 ready\r\n", serverFirst: true, says: hop.Plaintext},
		"a greeting to a silent client":       {server: "220 ready\r\n", says: hop.Plaintext},
		"closed before an answer in clear":    {client: request, says: hop.Cut},
		"HTTP/2 closed before an answer":      {client: preface, says: hop.Cut, details: handshake.ClearHTTP2},
		"closed before a ServerHello":         {client: hello(t), says: hop.Cut},
		"closed without a word":               {says: hop.Cut},
		"open without an answer":              {client: request, open: true, missing: "the server had sent nothing, and the connection was open"},
		"TLS answered in the clear":           {client: hello(t), server: "HTTP/1.1 400 Bad Request\r\n\r\n", says: hop.Refused, error: handshake.AnsweredInClear},
		"TLS after a greeting":                {client: hello(t), server: "220 ready\r\n", serverFirst: true, says: hop.Refused, error: handshake.AnsweredInClear},
		"clear bytes answered by an alert":    {client: request, server: tooOld, says: hop.Refused, error: "the server sent the alert protocol_version"},
		"an alert of an unknown number":       {client: hello(t), server: "\x15\x03\x01\x00\x02\x02\xff", says: hop.Refused, error: "the server sent the alert 0x00FF"},
		"a ClientHello that is none":          {client: badHello, server: "\x16\x03\x03\x00\x01\x02", missing: "the ClientHello cannot be read: local error: tls: error decoding message"},
		"a ServerHello that is none":          {client: hello(t), server: "\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00", missing: "the ServerHello cannot be read: it is too short"},
		"a ServerHello that has not ended":    {client: hello(t), server: "\x16\x03\x03\x00\x60\x02\x00\x00\x5c", missing: "the server's part of the handshake is not whole"},
		"clear bytes answered by a handshake": {client: request, server: "\x16\x03\x03\x00\x01\x02", missing: "the server's bytes begin as TLS does, the client's do not"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			all := []said{{data: []byte(test.client)}, {server: true, data: []byte(test.server)}}
			if test.serverFirst {
				slices.Reverse(all)
			}
			capture := captured(t, all, 1460)
			capture.Packets.Closed = !test.open
			seen := capture.Observation()
			got := []string{string(seen.Says), seen.Symptom.Error, seen.Symptom.Details, seen.Missing}
			if diff := cmp.Diff([]string{string(test.says), test.error, test.details, test.missing}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if seen.Source != hop.Wire || seen.Conn != tuple || !seen.At.Equal(began) || seen.Packets == nil {
				t.Errorf("got %+v", seen)
			}
		})
	}
}

func TestAPacketThatIsLateTwiceOrOverlapsChangesNothing(t *testing.T) {
	made := shake(t, &tls.Config{}, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}})
	want := captured(t, made.said, 1460).Observation().TLS
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := opened(t)
		for _, one := range made.said {
			next := p.client
			if one.server {
				next = p.server
			}
			p.say(one, 1+random.IntN(400))
			start := random.IntN(len(one.data))
			end := start + random.IntN(len(one.data)-start+1)
			p.segment(one.server, next+uint32(start), layers.TCP{ACK: true}, one.data[start:end])
		}
		p.close()
		random.Shuffle(len(p.capture.Frames), func(i, j int) {
			p.capture.Frames[i], p.capture.Frames[j] = p.capture.Frames[j], p.capture.Frames[i]
		})
		seen := p.capture.Observation()
		if diff := cmp.Diff(want, seen.TLS); diff != "" || seen.Says != hop.Encrypted {
			t.Fatalf("seed %d: says %q, missing %q (-want +got):\n%s", seed, seen.Says, seen.Missing, diff)
		}
	}
}

func TestAConnectionOverIPv6IsRead(t *testing.T) {
	p := newPackets(t)
	p.capture.Conn = hop.FiveTuple{Source: netip.MustParseAddrPort("[fd00::5]:43502"), Destination: netip.MustParseAddrPort("[fd00::7]:8080")}
	p.segment(false, p.client, layers.TCP{SYN: true}, nil)
	p.segment(true, p.server, layers.TCP{SYN: true, ACK: true}, nil)
	p.client, p.server = p.client+1, p.server+1
	p.say(said{data: []byte(request)}, 100)
	p.say(said{server: true, data: []byte(answer)}, 100)
	if seen := p.capture.Observation(); seen.Says != hop.Plaintext {
		t.Errorf("says %q, missing %q", seen.Says, seen.Missing)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	whole := captured(t, shake(t, &tls.Config{}, &tls.Config{}).said, 200)
	without := func(remove ...int) handshake.Capture {
		c := whole
		c.Frames = nil
		for i, frame := range whole.Frames {
			if !slices.Contains(remove, i) {
				c.Frames = append(c.Frames, frame)
			}
		}
		return c
	}
	dropped := whole
	dropped.Packets.Dropped = 2
	unkept := without()
	unkept.Frames = unkept.Frames[:3]
	short := without()
	short.Frames[3].Data = short.Frames[3].Data[:60] // the first of the ClientHello
	tests := map[string]struct {
		capture handshake.Capture
		missing string
	}{
		"nothing":                {whole, ""},
		"packets of the time":    {dropped, "the tap lost 2 packets"},
		"the client's SYN":       {without(0), "older than the tap's watch"},
		"the server's SYN":       {without(1), "the server's SYN is not"},
		"the first bytes":        {without(3), "the first bytes are not"},
		"all bytes":              {unkept, "the server's first bytes are not"},
		"a frame's end":          {short, ""}, // the ServerHello tells what was agreed
		"not one of the packets": {handshake.Capture{Conn: tuple}, "older than the tap's watch"},
	}
	for name, test := range tests {
		seen := test.capture.Observation()
		if !strings.Contains(seen.Missing, test.missing) || (seen.Missing == "") != (test.missing == "") || (seen.Says == "") == (seen.Missing == "") {
			t.Errorf("%s: says %q, missing %q", name, seen.Says, seen.Missing)
		}
	}
}

func TestASliceOpensAndEndsWithTheHandshake(t *testing.T) {
	shaken := shake(t, &tls.Config{}, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}})
	shaken12 := shake(t, &tls.Config{MaxVersion: tls.VersionTLS12}, &tls.Config{})
	tests := map[string]struct {
		said     []said
		contains []string
		lacks    []string
	}{
		"TLS 1.3":                      {shaken.said, []string{string(shaken.said[0].data)}, []string{string(shaken.said[len(shaken.said)-1].data)}},
		"TLS 1.2":                      {shaken12.said, []string{string(shaken12.said[1].data)}, []string{string(shaken12.said[len(shaken12.said)-1].data)}},
		"clear bytes":                  {[]said{{data: []byte(request)}, {server: true, data: []byte(answer)}}, []string{request[:64], answer[:16]}, []string{"a-secret", "another", answer[:17]}},
		"clear bytes, again and again": {[]said{{data: []byte(request)}, {data: []byte(request)}}, []string{request[:64]}, []string{"a-secret", request[:65]}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			capture := captured(t, test.said, 1<<15)
			slice, err := capture.Slice()
			if err != nil {
				t.Fatal(err)
			}
			reader, err := pcapgo.NewReader(bytes.NewReader(slice))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for ; ; n++ {
				data, info, err := reader.ReadPacketData()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if frame := capture.Frames[n]; !bytes.HasPrefix(frame.Data, data) || info.Length != frame.Length || !info.Timestamp.Equal(frame.At) {
					t.Errorf("packet %d is not the frame: %+v", n, info)
				}
			}
			if n != len(capture.Frames) {
				t.Errorf("%d packets of %d frames", n, len(capture.Frames))
			}
			for _, part := range test.contains {
				if !bytes.Contains(slice, []byte(part)) {
					t.Errorf("lacks %q", part)
				}
			}
			for _, part := range test.lacks {
				if bytes.Contains(slice, []byte(part)) {
					t.Errorf("contains %q", part)
				}
			}
		})
	}
}

// FuzzFrames takes any bytes for frames: each is behind its length in two bytes.
func FuzzFrames(f *testing.F) {
	join := func(c handshake.Capture) (all []byte) {
		for _, frame := range c.Frames {
			all = append(binary.BigEndian.AppendUint16(all, uint16(len(frame.Data))), frame.Data...)
		}
		return all
	}
	f.Add(join(captured(f, shake(f, &tls.Config{}, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}).said, 1460)))
	f.Add(join(captured(f, []said{{data: []byte(request)}, {server: true, data: []byte(answer)}}, 50)))
	f.Fuzz(func(t *testing.T, all []byte) {
		c := handshake.Capture{Conn: tuple, Packets: hop.Packets{Closed: true}}
		for len(all) > 2 {
			n := min(int(binary.BigEndian.Uint16(all)), len(all)-2)
			c.Frames = append(c.Frames, handshake.Frame{At: began.Add(time.Duration(len(all))), Length: n, Data: all[2 : 2+n]})
			all = all[2+n:]
		}
		check(t, c)
	})
}

// FuzzBytes takes any bytes for what the two ends said.
func FuzzBytes(f *testing.F) {
	both := func(all []said) (client, server []byte) {
		for _, one := range all {
			if one.server {
				server = append(server, one.data...)
			} else {
				client = append(client, one.data...)
			}
		}
		return client, server
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server := both(shake(f, &tls.Config{MaxVersion: version}, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}).said)
		f.Add(client, server)
	}
	f.Add([]byte(request), []byte(tooOld))
	f.Fuzz(func(t *testing.T, client, server []byte) {
		check(t, captured(t, []said{{data: client}, {server: true, data: server}}, 1400))
	})
}

// check holds for every capture: it says something or why not, and its slice opens.
func check(t *testing.T, c handshake.Capture) {
	t.Helper()
	if seen := c.Observation(); (seen.Says == "") == (seen.Missing == "") {
		t.Errorf("says %q, missing %q", seen.Says, seen.Missing)
	}
	slice, err := c.Slice()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pcapgo.NewReader(bytes.NewReader(slice)); err != nil {
		t.Error(err)
	}
}

// A warning ends nothing, and what is no TLS has no facts of TLS.
func TestWhatIsNoRefusal(t *testing.T) {
	const closeNotify = "\x15\x03\x03\x00\x02\x01\x00"
	for name, test := range map[string]struct {
		client, server string
		isTLS          bool
	}{
		"a warning":    {hello(t), closeNotify, true},
		"in the clear": {request, answer, false},
	} {
		seen := captured(t, []said{{data: []byte(test.client)}, {server: true, data: []byte(test.server)}}, 1460).Observation()
		if seen.Says == hop.Refused || (seen.TLS != nil) != test.isTLS {
			t.Errorf("%s: says %q %q, TLS %+v", name, seen.Says, seen.Symptom.Error, seen.TLS)
		}
	}
}
