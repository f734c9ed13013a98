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
	// Entries are ports of gateways' pods at which the requests come in from outside the cluster, where no log tells from where:
	// that of a stream is written at its end.
	Entries []netip.AddrPort
	// Calls are what the case expects to go in clear. They explain requests of which no observer names the connection.
	Calls []Call
}

// Call is a client's pod, and the port of a server's pod that it may call in clear.
type Call struct {
	From netip.Addr
	To   netip.AddrPort
}

// ends tells that a connection is another, in either direction.
func ends(one, other hop.FiveTuple) bool {
	return one == other || one == hop.FiveTuple{Source: other.Destination, Destination: other.Source}
}

// explains tells that a token may be in clear on a connection. IsPod tells whether an address is a pod's.
func (o Origin) explains(conn hop.FiveTuple, isPod func(netip.Addr) bool) bool {
	if slices.ContainsFunc(o.Clear, func(one hop.FiveTuple) bool { return ends(one, conn) }) {
		return true
	}
	called := func(from, to netip.AddrPort) bool { return slices.Contains(o.Calls, Call{from.Addr(), to}) }
	entered := func(from, to netip.AddrPort) bool { return slices.Contains(o.Entries, to) && !isPod(from.Addr()) }
	return called(conn.Source, conn.Destination) || called(conn.Destination, conn.Source) ||
		entered(conn.Source, conn.Destination) || entered(conn.Destination, conn.Source)
}

// Copies are the sightings that the origin does not explain. Name gives the pod that an address is of, and the address itself
// where it is of none.
func (o Origin) Copies(sightings []Sighting, name func(netip.Addr) string) []verdict.Copy {
	isPod := func(address netip.Addr) bool { return name(address) != address.String() }
	var all []verdict.Copy
	for _, seen := range sightings {
		if o.explains(seen.Conn, isPod) {
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
