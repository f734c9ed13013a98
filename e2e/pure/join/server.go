package join

import (
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// ServerEnd is what the log of the server's proxy has of an attempt.
type ServerEnd struct {
	Seen     *hop.Observation
	Listener bool   // its line is the listener's, of a connection that brought no request
	Rewrites bool   // the netfilter of the server's pod has changed source ports
	Reused   string // the earlier request that the same connection carried
}

// AsksServer tells that the server's proxy has a line of the attempt to give: not where there is no proxy, where a stream
// has no end yet, or where the attempt left on another connection than it is about.
func (a *Attempt) AsksServer() bool {
	return a.Server.Proxied && !a.Check.Streams && !a.Moved()
}

// Overdue tells that the log of the server's proxy lacks an attempt whose connection came to the server's pod, by the wire or by
// the answer. A proxy writes its line when the connection ends, which a sentinel that was sent behind the answer may overtake.
func (a *Attempt) Overdue(seen *hop.Observation) bool {
	wire := a.Check.Observers.Wire
	came := a.Served() || wire != nil && wire.Packets != nil && wire.Says != hop.Absent
	return seen.Says == hop.Absent && came
}

// endless tells that the wire shows no end of the attempt's connection, where the line is that of the connection. A request of HTTP
// has a line of its own.
func (a *Attempt) endless(wire *hop.Observation) bool {
	requests := []hop.Protocol{hop.HTTP, hop.GRPC, hop.Auto}
	return wire != nil && wire.Packets != nil && !wire.Packets.Closed && !slices.Contains(requests, a.Check.Protocol)
}

// JoinServer gives the attempt what the log of its server's proxy has of it. It comes after the wire, which may be the only
// one to name the connection.
func (a *Attempt) JoinServer(end ServerEnd, tapped bool) {
	check, seen, from := &a.Check, end.Seen, a.Source()
	if a.Served() && end.Listener {
		seen = &hop.Observation{Source: hop.Server, By: seen.By, ID: a.ID, Conn: seen.Conn, Missing: "its log has the connection, and nothing of what was served over it"}
	}
	if wire := check.Observers.Wire; a.Overdue(seen) && a.endless(wire) {
		seen = &hop.Observation{Source: hop.Server, By: seen.By, ID: a.ID, Conn: wire.Conn, Missing: "the connection had not ended when the taps were asked, and its line is written at the end"}
	}
	if !tapped && !from.IsValid() && seen.Says == hop.Absent {
		seen = &hop.Observation{Source: hop.Server, By: seen.By, ID: a.ID, Missing: "nobody names the connection by which its line would be found"}
	}
	check.Observers.Server = protocolError(seen, check.Observers.Wire)
	check.Rewritten = seen.Conn.Source.IsValid() && seen.Conn.Source != from && end.Rewrites
	if a.Kept == nil && !a.spreads(end.Reused) {
		check.Reused = end.Reused
	}
}

// spreads tells that an earlier request is of the same check, so that what its connection says of the check's begin is known by it.
func (a *Attempt) spreads(earlier string) bool {
	return a.Spread != "" && strings.HasPrefix(earlier, a.Spread+"-")
}

// protocolError names the cause of a protocol error: the server's proxy knows that the bytes were no HTTP, the wire whether
// they were TLS.
func protocolError(seen, wire *hop.Observation) *hop.Observation {
	if seen.Says != hop.Refused || seen.Refusal != "" || seen.Symptom.Flags != "DPE" || wire == nil {
		return seen
	}
	switch {
	case wire.TLS != nil:
		seen.Refusal = hop.NotTLS
	case wire.Says == hop.Plaintext:
		seen.Refusal = hop.NotHTTP
	}
	return seen
}

// JoinBehind adds to what a gateway saw of a connection that it passed on unread why the proxy behind it refused it. Only
// that proxy knows: it may close before the client has sent all, and the reset then overtakes its alert at the gateway.
func (a *Attempt) JoinBehind(refusal hop.Refusal) { a.Check.Observers.Server.Refusal = refusal }
