package attempt

import (
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/hop"
)

// decide decides to which of several pods each attempt came, where neither its client nor the wire has: to one that received
// it. What none received stands at a pod of which that is known, or at one of which it is not, where there is such.
func (c *Collector) decide(b *Batch) {
	for _, s := range b.sent {
		if len(s.over.Servers) == 1 {
			continue
		}
		received := slices.DeleteFunc(slices.Clone(s.over.Servers), func(place mesh.Place) bool { return !c.received(b, s, place) })
		if len(received) > 1 {
			for _, place := range received {
				s.Check.ServedBy = append(s.Check.ServedBy, place.String())
			}
		}
		unknown := slices.IndexFunc(s.over.Servers, func(place mesh.Place) bool { return b.servers[place.Proxy].unknown() })
		switch {
		case s.Decided():
		case len(received) > 0:
			s.ComeTo(received[0].Address)
		case c.logged(b, s):
		default:
			s.Check.Unplaced = true
			s.ComeTo(s.over.Servers[max(unknown, 0)].Address)
		}
		s.decided()
	}
}

// unknown tells that it cannot be claimed of the server that it did not receive a request.
func (s *server) unknown() bool { return s.watermark.Absent(0, s.unasked) != nil }

func (c *Collector) received(b *Batch, s *sent, place mesh.Place) bool {
	return len(b.servers[place.Proxy].received[s.ID]) > 0
}

// logged decides for the pod whose proxy has a line of the attempt, and tells whether there is one.
func (c *Collector) logged(b *Batch, s *sent) bool {
	for _, place := range s.over.Servers {
		if !place.Proxied {
			continue
		}
		seen, _, _ := c.Logs.ServerLine(place.Proxy, b.marks[place.Proxy], s.asked(), nil)
		if seen.Missing == "" && seen.Says != hop.Absent {
			s.ComeTo(place.Address)
			return true
		}
	}
	return false
}
