package join

import (
	"net/netip"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Sighting is the token of a request that a tap saw in clear.
type Sighting struct {
	Request string        // the request's id
	Conn    hop.FiveTuple // from who sent the bytes, as they passed the pod: before or after Service translation
	Offset  int64         // of the token, among the bytes that went this way over the connection
	At      time.Time     // by the runner's clock
}

// Origin is where the requests of one check, or of what a case sends besides, come from, and with that where their tokens may be
// seen in clear. Connections count in both directions.
type Origin struct {
	// Clear are the connections that may be in clear: the client application's own socket, the connection to the client's proxy,
	// and that of the hop where plaintext is expected, before and after Service translation.
	Clear []hop.FiveTuple
	// Own are those of the hop, where it must be TLS.
	Own []hop.FiveTuple
	// From and To are the pods of the client, and what these may call in clear. They explain requests of which no observer names
	// the connection.
	From []netip.Addr
	To   []netip.AddrPort
}

// ends tells that a connection is another, in either direction.
func ends(one, other hop.FiveTuple) bool {
	return one == other || one == hop.FiveTuple{Source: other.Destination, Destination: other.Source}
}

// explains tells that a token may be in clear on a connection.
func (o Origin) explains(conn hop.FiveTuple) bool {
	if slices.ContainsFunc(o.Clear, func(one hop.FiveTuple) bool { return ends(one, conn) }) {
		return true
	}
	calls := func(from, to netip.AddrPort) bool {
		return slices.Contains(o.From, from.Addr()) && slices.Contains(o.To, to)
	}
	return calls(conn.Source, conn.Destination) || calls(conn.Destination, conn.Source)
}

// Copies are the sightings that the origin does not explain, each way between two pods once. Name tells whose an address is.
func (o Origin) Copies(sightings []Sighting, name func(netip.Addr) string) []verdict.Copy {
	var all []verdict.Copy
	for _, seen := range sightings {
		if o.explains(seen.Conn) {
			continue
		}
		all = append(all, verdict.Copy{
			From: name(seen.Conn.Source.Addr()), To: name(seen.Conn.Destination.Addr()),
			Conn: seen.Conn, Request: seen.Request, Offset: seen.Offset, At: seen.At, Sightings: 1,
			Own: slices.ContainsFunc(o.Own, func(one hop.FiveTuple) bool { return ends(one, seen.Conn) }),
		})
	}
	return all
}
