package handshake_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"mtls.test/conformance/e2e/pure/handshake"
	"mtls.test/conformance/e2e/pure/hop"
)

var tuple = hop.FiveTuple{Source: netip.MustParseAddrPort("10.244.0.5:43502"), Destination: netip.MustParseAddrPort("10.244.0.7:50051")}

var began = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// firstNumbers are those of the SYNs; the client's numbers wrap soon.
const (
	clientFirst = 0xffffff00
	serverFirst = 7000
)

// said is what one end wrote at once.
type said struct {
	server bool
	data   []byte
}

// packets makes the frames of a connection.
type packets struct {
	t              testing.TB
	capture        handshake.Capture
	client, server uint32 // next sequence numbers
}

func newPackets(t testing.TB) *packets {
	return &packets{t: t, capture: handshake.Capture{Conn: tuple, Packets: hop.Packets{Opened: began}}, client: clientFirst, server: serverFirst}
}

// opened returns packets with the three of an open connection.
func opened(t testing.TB) *packets {
	p := newPackets(t)
	p.segment(false, p.client, layers.TCP{SYN: true}, nil)
	p.segment(true, p.server, layers.TCP{SYN: true, ACK: true}, nil)
	p.client, p.server = p.client+1, p.server+1
	p.segment(false, p.client, layers.TCP{ACK: true}, nil)
	return p
}

func (p *packets) segment(server bool, seq uint32, tcp layers.TCP, payload []byte) {
	p.t.Helper()
	from, to := p.capture.Conn.Source, p.capture.Conn.Destination
	if server {
		from, to = to, from
	}
	tcp.SrcPort, tcp.DstPort, tcp.Seq, tcp.Window = layers.TCPPort(from.Port()), layers.TCPPort(to.Port()), seq, 64240
	ethernet := layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	var ip gopacket.SerializableLayer = &layers.IPv4{Version: 4, TTL: 63, Protocol: layers.IPProtocolTCP, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
	if from.Addr().Is6() {
		ethernet.EthernetType = layers.EthernetTypeIPv6
		ip = &layers.IPv6{Version: 6, HopLimit: 63, NextHeader: layers.IPProtocolTCP, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
	}
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, &ethernet, ip, &tcp, gopacket.Payload(payload)); err != nil {
		p.t.Fatal(err)
	}
	at := began.Add(time.Duration(len(p.capture.Frames)) * time.Millisecond)
	p.capture.Frames = append(p.capture.Frames, handshake.Frame{At: at, Length: len(buffer.Bytes()), Data: buffer.Bytes()})
}

// say adds bytes in segments of at most size bytes.
func (p *packets) say(one said, size int) {
	p.t.Helper()
	next, count := &p.client, &p.capture.Packets.ClientBytes
	if one.server {
		next, count = &p.server, &p.capture.Packets.ServerBytes
	}
	for data := one.data; len(data) > 0; {
		n := min(size, len(data))
		p.segment(one.server, *next, layers.TCP{ACK: true, PSH: true}, data[:n])
		*next, *count, data = *next+uint32(n), *count+int64(n), data[n:]
	}
}

func (p *packets) close() {
	p.segment(true, p.server, layers.TCP{FIN: true, ACK: true}, nil)
	p.capture.Packets.Closed = true
}

// captured returns a closed connection in which this was said.
func captured(t testing.TB, all []said, size int) handshake.Capture {
	t.Helper()
	p := opened(t)
	for _, one := range all {
		p.say(one, size)
	}
	p.close()
	return p.capture
}
