package join

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// Query is a question to the taps: for one connection by both its ends, or for all to a destination. Only connections that
// opened at Since or later are meant, by the runner's clock; zero stands for any time.
type Query struct {
	Source      netip.AddrPort // not valid for any
	Destination netip.AddrPort
	Since       time.Time
}

// Wires are what the taps show, by connection. A connection that was asked for by both its ends and not found stands under
// them; one that was asked for by its destination alone stands without a source.
type Wires map[hop.FiveTuple]hop.Observation

// Queries are the questions for a batch of attempts that began to be sent at a time, each once: all connections to the
// servers' ports since then, and the kept ones by name.
func Queries(attempts []*Attempt, began time.Time) []Query {
	var queries []Query
	known := map[Query]bool{}
	ask := func(query Query) {
		if !known[query] {
			known[query] = true
			queries = append(queries, query)
		}
	}
	for _, a := range attempts {
		if a.Kept != nil {
			ask(Query{Source: a.Kept.Conn.Source, Destination: a.Kept.Conn.Destination})
			continue
		}
		for _, to := range a.destinations() {
			ask(Query{Destination: to, Since: began})
		}
	}
	return queries
}

// Wire gives each attempt the connection that its client names, then the others the only one that is left.
func Wire(attempts []*Attempt, shown Wires) {
	taken := map[hop.FiveTuple]bool{}
	for _, a := range attempts {
		for _, conn := range a.mayBe() {
			if wire, found := shown[conn]; found && conn.Source.IsValid() && a.Check.Observers.Wire == nil {
				taken[conn] = true
				a.show(wire)
			}
		}
	}
	for _, a := range attempts {
		if a.Check.Observers.Wire == nil {
			a.showOnly(shown, taken)
		}
	}
}

// showOnly gives the attempt the one connection from its client's pod to its server's port that is nobody else's: of one
// whose handshake failed the client's proxy logs no address.
func (a *Attempt) showOnly(shown Wires, taken map[hop.FiveTuple]bool) {
	var left []hop.Observation
	var none []hop.Observation // of a pod to which nothing came
	destinations := a.destinations()
	for conn, wire := range shown {
		switch {
		case !slices.Contains(destinations, conn.Destination) || taken[conn]:
		case !conn.Source.IsValid():
			none = append(none, wire)
		case conn.Source.Addr() == a.Client.Address:
			left = append(left, wire)
		}
	}
	if len(left) == 0 && len(none) == len(destinations) && !a.named().Source.IsValid() {
		// A connection that the client names may be from before the batch.
		left = none[:1]
	}
	if len(left) == 1 {
		a.show(left[0])
		return
	}
	a.Check.Observers.Wire = &hop.Observation{
		Source: hop.Wire, ID: a.ID,
		Missing: fmt.Sprintf("of %d connections of the client's to the server's port none is known to be this attempt's", len(left)),
	}
}

// NotShown are the questions for connections that their clients name and that the wire has not shown yet.
func NotShown(attempts []*Attempt, since time.Time) []Query {
	var queries []Query
	for _, a := range attempts {
		if a.Kept != nil || a.Check.Observers.Wire.Missing == "" {
			continue
		}
		for _, conn := range a.mayBe() {
			if conn.Source.IsValid() {
				queries = append(queries, Query{Source: conn.Source, Destination: conn.Destination, Since: since})
			}
		}
	}
	return queries
}

// Named gives attempts what the wire shows of the connections that NotShown asked for.
func Named(attempts []*Attempt, shown Wires) {
	for _, a := range attempts {
		for _, conn := range a.mayBe() {
			if wire, asked := shown[conn]; asked && a.Check.Observers.Wire.Missing != "" && (wire.Says != hop.Absent || a.absentAtAll(shown)) {
				a.show(wire)
			}
		}
	}
}

// absentAtAll tells that none of the connections that the attempt may have made came to its pod.
func (a *Attempt) absentAtAll(shown Wires) bool {
	return !slices.ContainsFunc(a.mayBe(), func(conn hop.FiveTuple) bool { return shown[conn].Says != hop.Absent })
}

// show makes a connection on the wire the attempt's own.
func (a *Attempt) show(seen hop.Observation) {
	seen.ID = a.ID
	if seen.Says != hop.Absent {
		a.ComeTo(seen.Conn.Destination.Addr())
	}
	if a.Server.Blind != nil {
		a.Check.Observers.Wire = &hop.Observation{Source: hop.Wire, By: seen.By, ID: a.ID, Conn: seen.Conn, Missing: a.Server.Blind.Error()}
		return
	}
	switch {
	case a.Kept != nil && seen.Packets != nil && seen.Packets.Closed:
		seen.Refusal = hop.Closed
	case a.Check.Protocol == hop.Greet && silent(seen.Packets):
		seen.Refusal = hop.ServerFirst
	}
	a.Check.Observers.Wire = &seen
}

// silent tells that neither end of an established connection sent a byte: each waited for the other.
func silent(packets *hop.Packets) bool {
	return packets != nil && !packets.Opened.IsZero() && packets.ClientBytes == 0 && packets.ServerBytes == 0
}
