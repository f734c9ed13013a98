package handshake

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"mtls.test/conformance/e2e/pure/hop"
)

// segment is one TCP segment, with as much of its payload as was kept.
type segment struct {
	frame   int // its place in the capture
	tuple   hop.FiveTuple
	seq     uint32 // of the payload's first byte
	syn     bool
	payload []byte
	length  int // of the payload on the wire
	header  int // bytes of the frame before the payload
}

// stream is the start of one direction, reassembled.
type stream struct {
	segments []segment
	start    uint32 // sequence number of the first byte
	opened   bool   // its SYN is there, so start is the true one
	data     []byte // without a hole
	torn     bool   // bytes came behind a hole
}

// decoder reads frames of Ethernet, with or without a VLAN tag, IP and TCP.
type decoder struct {
	ethernet layers.Ethernet
	vlan     layers.Dot1Q
	ip4      layers.IPv4
	ip6      layers.IPv6
	tcp      layers.TCP
	parser   *gopacket.DecodingLayerParser
}

func newDecoder() *decoder {
	d := &decoder{}
	d.parser = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &d.ethernet, &d.vlan, &d.ip4, &d.ip6, &d.tcp)
	d.parser.IgnoreUnsupported = true
	return d
}

// segment reads one frame; false for one that is no TCP segment.
func (d *decoder) segment(frame Frame) (segment, bool) {
	var found []gopacket.LayerType
	if err := d.parser.DecodeLayers(frame.Data, &found); err != nil || !slices.Contains(found, layers.LayerTypeTCP) {
		return segment{}, false
	}
	source, destination := d.ip4.SrcIP, d.ip4.DstIP
	if slices.Contains(found, layers.LayerTypeIPv6) {
		source, destination = d.ip6.SrcIP, d.ip6.DstIP
	}
	from, _ := netip.AddrFromSlice(source)
	to, _ := netip.AddrFromSlice(destination)
	s := segment{
		tuple: hop.FiveTuple{
			Source:      netip.AddrPortFrom(from.Unmap(), uint16(d.tcp.SrcPort)),
			Destination: netip.AddrPortFrom(to.Unmap(), uint16(d.tcp.DstPort)),
		},
		seq: d.tcp.Seq, syn: d.tcp.SYN, payload: d.tcp.Payload,
		// Offload hands over segments larger than any packet; only the frame's own length is sure to be right.
		length: len(d.tcp.Payload) + max(0, frame.Length-len(frame.Data)),
	}
	s.header = len(d.ethernet.Contents) + len(d.tcp.Contents)
	for _, layer := range found {
		switch layer {
		case layers.LayerTypeDot1Q:
			s.header += len(d.vlan.Contents)
		case layers.LayerTypeIPv4:
			s.header += len(d.ip4.Contents)
		case layers.LayerTypeIPv6:
			s.header += len(d.ip6.Contents)
		}
	}
	if s.syn {
		s.seq++ // a SYN takes a number of its own (RFC 9293 section 3.4)
	}
	return s, true
}

// streams reassembles the first bytes from the client and from the server.
func (c Capture) streams() (client, server stream) {
	reversed := hop.FiveTuple{Source: c.Conn.Destination, Destination: c.Conn.Source}
	decode := newDecoder()
	for i, frame := range c.Frames {
		s, ok := decode.segment(frame)
		s.frame = i
		switch {
		case ok && s.tuple == c.Conn:
			client.segments = append(client.segments, s)
		case ok && s.tuple == reversed:
			server.segments = append(server.segments, s)
		}
	}
	client.assemble()
	server.assemble()
	return client, server
}

// assemble puts the payloads in order. Bytes that were sent twice are used once. Bytes after a hole are not used.
func (s *stream) assemble() {
	if len(s.segments) == 0 {
		return
	}
	s.start = s.segments[0].seq
	for _, segment := range s.segments {
		if segment.syn {
			s.start, s.opened = segment.seq, true
			break
		}
		if s.offset(segment) < 0 {
			s.start = segment.seq
		}
	}
	ordered := slices.Clone(s.segments)
	slices.SortStableFunc(ordered, func(a, b segment) int { return cmp.Compare(s.offset(a), s.offset(b)) })
	for _, segment := range ordered {
		known := len(s.data) - s.offset(segment)
		switch {
		case segment.length == 0 || known >= segment.length:
		case known < 0 || known > len(segment.payload):
			s.torn = true
			return
		default:
			s.data = append(s.data, segment.payload[known:]...)
		}
	}
}

// offset is the place of a segment in the stream; sequence numbers wrap (RFC 9293 section 3.4).
func (s *stream) offset(segment segment) int { return int(int32(segment.seq - s.start)) }

// lost returns why the frames are no evidence about the connection; empty when they are.
func (c Capture) lost(client, server stream) string {
	switch {
	case c.Packets.Dropped > 0:
		return fmt.Sprintf("the tap lost %d packets in the time of the connection", c.Packets.Dropped)
	case !client.opened:
		return "the client's SYN is not among the packets: the connection is older than the tap's watch"
	case len(server.segments) > 0 && !server.opened && len(server.data) > 0:
		return "the server's SYN is not among the packets"
	case client.torn && len(client.data) == 0, server.torn && len(server.data) == 0:
		return "the first bytes are not among the packets"
	}
	return ""
}
