package attempt

import (
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Over is what an attempt goes over.
type Over struct {
	Client  mesh.Place
	Servers mesh.Pods                     // to any of which it may come; never none
	Configs map[mesh.Proxy]verdict.Config // of the client with each of them, by the server's pod
	Search  Search                        // for a destination of the client's routes, where the attempt names one
	Asked   hop.Outcome                   // what the policies in force ask of a new connection, where the attempt is sent on an old one
	Kept    string                        // the name of the connection at the client's agent on which it is sent again; empty for a new one
}

// Add adds an attempt to the batch, before any of the batch is sent: what its proxies log from now on may be its own.
func (c *Collector) Add(b *Batch, a *join.Attempt, over Over) {
	_, port, _ := c.Config.World.Port(a.Reached())
	s := &sent{Attempt: a, over: over, tries: a.ID + "-try-"}
	a.Client, a.Destination = c.end(over.Client), netip.AddrPortFrom(netip.Addr{}, port.Workload)
	logged := []mesh.Proxy{over.Client.Proxy}
	for _, place := range over.Servers {
		a.Servers = append(a.Servers, c.end(place))
		logged = append(logged, place.Proxy)
		if _, known := b.servers[place.Proxy]; !known {
			b.servers[place.Proxy] = &server{place: place}
		}
	}
	if len(over.Servers) == 1 {
		a.ComeTo(over.Servers[0].Address)
		s.decided()
	}
	if behind, found := hopconfig.Behind(c.Config.World, *a); found {
		if pods, err := c.Config.Places.Server(behind.To.Service, ""); err == nil {
			place := pods.First()
			s.behind = &place
			logged = append(logged, place.Proxy)
		}
	}
	if to := a.Want.ClearBehind; to != (hop.ServicePort{}) {
		_, port, _ := c.Config.World.Port(to)
		pods, _ := c.Config.Places.Server(to.Service, "") // none is for the hop to that port to tell
		for _, pod := range pods {
			s.clearBehind = append(s.clearBehind, netip.AddrPortFrom(pod.Address, port.Workload))
		}
	}
	for _, proxy := range logged {
		b.marks[proxy] = c.Logs.Mark(proxy)
	}
	b.added, b.sent = append(b.added, s), append(b.sent, s)
}

// decided gives the check what depends on the server's pod to which the attempt came.
func (s *sent) decided() {
	place := s.server()
	s.Check.Proxied = place.Proxied
	if s.Kept == nil {
		s.Check.Config = s.over.Configs[place.Proxy]
	}
}
