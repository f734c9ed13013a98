package observe

import (
	"net/netip"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/accesslog"
)

// connections are the downstream connections of a proxy by the address that they came from, each as long as it may be
// open, and a while longer. They stay when the lines that told of them are forgotten: a connection may be older than those.
type connections map[netip.AddrPort][]*connection

// connection is what the log told of one connection. Envoy counts its connections from zero when it starts, so the id of
// one names it together with its address only.
type connection struct {
	id    int    // zero where no line has it
	port  uint16 // that it came to
	first string // the id of the first request on it; empty for none
	other string // and of one that is not the first
	last  time.Time
	ended bool // the log has its end
}

// add takes down what a line tells of its connection.
func (c connections) add(at time.Time, line accesslog.Line) {
	remote := line.DownstreamDirectRemoteAddress // invalid for what is no IP address, whose connections have their ids alone
	found := c.of(line)
	if found == nil {
		found = &connection{id: line.ConnectionID, port: line.DownstreamLocalAddress.Port()}
		// Its two addresses are free again only when the connection before it has ended.
		for _, before := range c[remote] {
			if remote.IsValid() && before.port == found.port && !before.ended {
				before.ended, before.last = true, at
			}
		}
		c[remote] = append(c[remote], found)
	}
	found.last = at
	// These lines are written when the connection ends.
	found.ended = found.ended || line.Kind != accesslog.Request
	switch id := line.HopID; {
	case id == "":
	case found.first == "":
		found.first = id
	case id != found.first && found.other == "":
		found.other = id
	}
}

// of returns the connection of a line; nil for one that is not known, and for a line that does not name it.
func (c connections) of(line accesslog.Line) *connection {
	if line.ConnectionID == 0 {
		return nil
	}
	for _, known := range c[line.DownstreamDirectRemoteAddress] {
		if known.id == line.ConnectionID {
			return known
		}
	}
	return nil
}

// requested tells whether the connection of a line brought a request, at any time.
func (c connections) requested(line accesslog.Line) bool {
	found := c.of(line)
	return found != nil && found.first != ""
}

// otherOn returns the id of another request on the connection of a line; empty for none.
func (c connections) otherOn(line accesslog.Line) string {
	found := c.of(line)
	switch {
	case found == nil:
		return ""
	case found.first != line.HopID:
		return found.first
	}
	return found.other
}

// toOther tells whether a connection from an address to another port than one is open, or was after a time.
func (c connections) toOther(remote netip.AddrPort, port uint16, since time.Time) bool {
	return slices.ContainsFunc(c[remote], func(known *connection) bool {
		return known.port != port && (!known.ended || !known.last.Before(since))
	})
}

// forget drops connections from an address that ended before a time.
func (c connections) forget(remote netip.AddrPort, old time.Time) {
	left := slices.DeleteFunc(c[remote], func(known *connection) bool { return known.ended && known.last.Before(old) })
	if len(left) == 0 {
		delete(c, remote)
		return
	}
	c[remote] = left
}
