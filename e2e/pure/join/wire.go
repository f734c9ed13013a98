package join

import (
	"fmt"
	"net/netip"
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
	for _, a := range attempts {
		query := Query{Destination: a.Destination, Since: began}
		if a.Kept != nil {
			query = Query{Source: a.Kept.Conn.Source, Destination: a.Kept.Conn.Destination}
		}
		if !known[query] {
			known[query] = true
			queries = append(queries, query)
		}
	}
	return queries
}

// Wire gives each attempt the connection that its client names, then the others the only one that is left.
func Wire(attempts []*Attempt, shown Wires) {
	taken := map[hop.FiveTuple]bool{}
	for _, a := range attempts {
		if conn := a.named(); conn.Source.IsValid() {
			if wire, found := shown[conn]; found {
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
	for conn, wire := range shown {
		if conn.Destination != a.Destination || taken[conn] {
			continue
		}
		if conn.Source.Addr() == a.Client.Address || !conn.Source.IsValid() {
			left = append(left, wire)
		}
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
		if conn := a.named(); a.Kept == nil && a.Check.Observers.Wire.Missing != "" && conn.Source.IsValid() {
			queries = append(queries, Query{Source: conn.Source, Destination: conn.Destination, Since: since})
		}
	}
	return queries
}

// Named gives attempts what the wire shows of the connections that NotShown asked for.
func Named(attempts []*Attempt, shown Wires) {
	for _, a := range attempts {
		if wire, asked := shown[a.named()]; asked && a.Check.Observers.Wire.Missing != "" {
			a.show(wire)
		}
	}
}

// show makes a connection on the wire the attempt's own.
func (a *Attempt) show(seen hop.Observation) {
	seen.ID = a.ID
	if a.Blind != nil {
		a.Check.Observers.Wire = &hop.Observation{Source: hop.Wire, By: seen.By, ID: a.ID, Conn: seen.Conn, Missing: a.Blind.Error()}
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
