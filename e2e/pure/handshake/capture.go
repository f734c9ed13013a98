// Package handshake reads from the packets of one TCP connection whether its two ends spoke TLS or in the clear, and
// which TLS they agreed on. It sees what the wire shows: certificates, the chosen ALPN and alerts of TLS 1.3 are
// encrypted (RFC 8446 section 2).
package handshake

import (
	"bytes"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// Frame is one Ethernet frame of a connection as a tap kept it.
type Frame struct {
	At     time.Time
	Length int    // on the wire
	Data   []byte // its start, as much as was kept
}

// Capture is what a tap recorded of one connection: its first frames, and counts of all of it.
type Capture struct {
	Conn    hop.FiveTuple
	Packets hop.Packets
	Frames  []Frame
}

// Observation says what the wire shows of the connection, and in Missing why it shows too little.
func (c Capture) Observation() hop.Observation {
	seen := hop.Observation{Source: hop.Wire, At: c.Packets.Opened, Conn: c.Conn, Packets: &c.Packets}
	client, server := c.streams()
	talk := listen(client.data, server.data)
	if talk.any {
		seen.TLS = &talk.facts
	}
	if bytes.HasPrefix(client.data, []byte(preface)) {
		seen.Symptom.Details = ClearHTTP2
	}
	if seen.Missing = c.lost(client, server); seen.Missing != "" {
		return seen
	}
	seen.Says, seen.Symptom.Error, seen.Missing = talk.judge(c.Packets)
	return seen
}
