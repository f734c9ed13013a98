package attempt

import (
	"context"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/fixtures/agent/tap"
)

// wire asks the taps for the connections of the batch, and joins them.
func (c *Collector) wire(ctx context.Context, b *Batch) {
	if c.Taps == nil {
		return
	}
	attempts := b.attempts()
	pcap := map[hop.FiveTuple][]byte{}
	join.Wire(attempts, c.connections(ctx, join.Queries(attempts, b.Began), pcap))
	// A connection of the client's pool may be from before the batch; none is from before the taps watched. One that is still
	// not found may be known never to have come to the server's pod.
	for _, since := range []time.Time{{}, c.Watched} {
		if queries := join.NotShown(attempts, since); len(queries) > 0 {
			join.Named(attempts, c.connections(ctx, queries, pcap))
		}
	}
	for _, s := range b.sent {
		if packets := pcap[s.Check.Observers.Wire.Conn]; len(packets) > 0 && s.Server.Blind == nil {
			b.Packets[s.ID] = packets
		}
	}
}

// connections asks the taps, and adds the packets that they show to pcap.
func (c *Collector) connections(ctx context.Context, queries []join.Query, pcap map[hop.FiveTuple][]byte) join.Wires {
	var wanted []tap.Wanted
	for _, query := range queries {
		wanted = append(wanted, tap.Wanted{Source: query.Source, Destination: query.Destination, Since: query.Since})
	}
	shown := join.Wires{}
	for conn, wire := range c.Taps.Connections(ctx, wanted) {
		shown[conn] = wire.Observation
		if len(wire.Slice) > 0 {
			pcap[conn] = wire.Slice
		}
	}
	return shown
}
