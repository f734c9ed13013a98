package observe

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/accesslog"
)

// Mark is a place in a proxy's log.
type Mark int

// keep is how long a line is kept. It is longer than a case may take, so no mark that is still in use is older; the log's
// own time stamps tell the age.
const keep = 10 * time.Minute

// history is what was read of one proxy's log: lines and damage in their order, and where they are found. What is older
// than keep is forgotten, and nothing is claimed of it. It is not safe for concurrent use.
type history struct {
	entries []entry
	first   Mark      // the place of entries[0]
	newest  time.Time // of all entries

	byID        map[string][]Mark         // by the request's id
	byRemote    map[netip.AddrPort][]Mark // by the address that the connection came from
	damaged     []Mark
	connections connections
}

// entry is an access log line, or the damage where one should have been.
type entry struct {
	at     time.Time // by the clock of the proxy's node
	line   accesslog.Line
	raw    string
	damage error
	mended bool // nothing was missing where damage was feared
}

func newHistory() *history {
	return &history{byID: map[string][]Mark{}, byRemote: map[netip.AddrPort][]Mark{}, connections: connections{}}
}

// end is the place behind the last entry.
func (h *history) end() Mark { return h.first + Mark(len(h.entries)) }

// at returns the entry at a place that is not forgotten.
func (h *history) at(place Mark) *entry { return &h.entries[place-h.first] }

// add puts an entry at the end, and forgets what is too old.
func (h *history) add(e entry) {
	place := h.end()
	h.entries = append(h.entries, e)
	if e.at.After(h.newest) {
		h.newest = e.at
	}
	switch {
	case e.damage != nil:
		h.damaged = append(h.damaged, place)
	default:
		if e.line.HopID != "" {
			h.byID[e.line.HopID] = append(h.byID[e.line.HopID], place)
		}
		if remote := e.line.DownstreamDirectRemoteAddress; remote.IsValid() {
			h.byRemote[remote] = append(h.byRemote[remote], place)
		}
		h.connections.add(e.at, e.line)
	}
	h.forget()
}

// forget drops the entries before the first that is not too old. There is one: the newest.
func (h *history) forget() {
	old := h.newest.Add(-keep)
	for h.entries[0].at.Before(old) {
		e := h.entries[0]
		if e.damage != nil {
			h.damaged = h.damaged[1:]
		} else {
			drop(h.byID, e.line.HopID)
			drop(h.byRemote, e.line.DownstreamDirectRemoteAddress)
			h.connections.forget(e.line.DownstreamDirectRemoteAddress, old)
		}
		h.entries[0] = entry{} // what it holds can be collected before the slice is
		h.entries = h.entries[1:]
		h.first++
	}
}

// drop forgets the oldest place of a key.
func drop[Key comparable](index map[Key][]Mark, key Key) {
	switch places := index[key]; len(places) {
	case 0:
	case 1:
		delete(index, key)
	default:
		index[key] = places[1:]
	}
}

// mend says that nothing is missing at a place where damage was feared.
func (h *history) mend(place Mark) {
	if place >= h.first {
		h.at(place).mended = true
	}
}

// gap tells why a line after the mark may be missing; nil where none can be.
func (h *history) gap(after Mark) error {
	if err := h.forgotten(after); err != nil {
		return err
	}
	for _, place := range h.damaged {
		if e := h.at(place); place >= after && !e.mended {
			return e.damage
		}
	}
	return nil
}

// forgotten tells that lines after the mark were forgotten.
func (h *history) forgotten(after Mark) error {
	if after < h.first {
		return fmt.Errorf("lines of more than %s ago are not kept: ask within that time", keep)
	}
	return nil
}

// last returns the last of the lines from one place up to another that fits; nil where none does.
func (h *history) last(after, before Mark, fits func(accesslog.Line) bool) *entry {
	for place := before - 1; place >= max(after, h.first); place-- {
		if e := h.at(place); e.damage == nil && fits(e.line) {
			return e
		}
	}
	return nil
}

// lastOf returns the last line after the mark that fits, of those at places of an index; nil where none does.
func (h *history) lastOf(places []Mark, after Mark, fits func(accesslog.Line) bool) *entry {
	for _, place := range slices.Backward(places) {
		if place < after {
			return nil
		}
		if e := h.at(place); fits(e.line) {
			return e
		}
	}
	return nil
}
