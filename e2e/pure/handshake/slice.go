package handshake

import (
	"bytes"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// The number of plaintext bytes to keep: enough to show that they are plaintext, too few to reveal the content.
const (
	keptOfClient = 64
	keptOfServer = 16
)

// Slice writes the capture as a pcap file that ends with the handshake. Of later frames it keeps only the headers, of
// plaintext ones the first few bytes of each direction.
func (c Capture) Slice() ([]byte, error) {
	var file bytes.Buffer
	writer := pcapgo.NewWriterNanos(&file)
	if err := writer.WriteFileHeader(1<<16, layers.LinkTypeEthernet); err != nil {
		return nil, err
	}
	client, server := c.streams()
	kept := make([]int, len(c.Frames))
	client.keep(kept, keptOfClient)
	server.keep(kept, keptOfServer)
	for i, frame := range c.Frames {
		info := gopacket.CaptureInfo{Timestamp: frame.At, CaptureLength: kept[i], Length: max(frame.Length, kept[i])}
		if kept[i] == 0 {
			continue
		}
		if err := writer.WritePacket(info, frame.Data[:kept[i]]); err != nil {
			return nil, err
		}
	}
	return file.Bytes(), nil
}

// keep marks how many bytes of each of the stream's frames stay.
func (s *stream) keep(kept []int, inClear int) {
	end := inClear
	if heard := hear(s.data); heard.tls {
		end = heard.clear
	}
	for _, segment := range s.segments {
		payload := min(max(0, end-s.offset(segment)), len(segment.payload))
		kept[segment.frame] = segment.header + payload
	}
}
