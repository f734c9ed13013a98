package attempt

import (
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/join"
)

// Add adds an attempt to the batch, before any of the batch is sent: what its proxies log from now on may be its own. Kept is
// the name of the connection at the client's agent on which it is sent again; empty for a new one.
func (c *Collector) Add(b *Batch, a *join.Attempt, kept string) error {
	_, port, _ := c.Config.World.Port(a.To)
	place, err := c.Config.Places.Server(a.To.Service, a.Want.Subset)
	if err != nil {
		return err
	}
	s := &sent{Attempt: a, client: c.Config.Places.Clients[a.From], server: place, kept: kept}
	a.Client, a.Server, a.Destination = end(s.client), end(place), netip.AddrPortFrom(place.Address, port.Workload)
	a.Blind = c.Blind(place.Proxy)
	logged := []mesh.Proxy{place.Proxy, s.client.Proxy}
	if behind, found := hopconfig.Behind(c.Config.World, *a); found {
		if place, err := c.Config.Places.Server(behind.To.Service, ""); err == nil {
			s.behind = &place
			logged = append(logged, place.Proxy)
		}
	}
	for _, proxy := range logged {
		b.marks[proxy] = c.Logs.Mark(proxy)
	}
	if _, known := b.servers[place.Proxy]; !known {
		b.servers[place.Proxy] = &server{place: place}
	}
	b.sent = append(b.sent, s)
	return nil
}
