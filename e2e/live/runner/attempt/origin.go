package attempt

import (
	"net/netip"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Origin is where an attempt's request comes from.
type Origin struct {
	join.Origin
	ID    string       // the request's
	Tries string       // begins the ids of those that sought the same destination; empty where none did
	Pods  []netip.Addr // at either end
	Plain []join.Call  // that the attempt expects to go in clear, for requests of the case that nobody follows
}

// Origins are those of the attempts, in the order of Made.
func (b *Batch) Origins() []Origin {
	var all []Origin
	for _, s := range b.added {
		all = append(all, s.origin())
	}
	return all
}

func (s *sent) origin() Origin {
	o := Origin{ID: s.ID, Pods: []netip.Addr{s.over.Client.Address}}
	if s.Want.Routed() {
		o.Tries = s.tries
	}
	for _, behind := range s.clearBehind {
		for _, gateway := range s.over.Servers {
			o.Calls = append(o.Calls, join.Call{From: gateway.Address, To: behind})
		}
	}
	for _, server := range s.over.Servers {
		o.Pods = append(o.Pods, server.Address)
		call := join.Call{From: s.over.Client.Address, To: netip.AddrPortFrom(server.Address, s.Destination.Port())}
		if s.Check.InClear() {
			o.Plain = append(o.Plain, call)
		}
		// Where its connection is there no more it leaves on another, by what is in force now.
		if now := (verdict.Check{Want: s.over.Asked, Config: s.over.Configs[server.Proxy]}); s.Kept != nil && now.InClear() {
			o.Calls = append(o.Calls, call)
		}
	}
	own := &o.Own
	if s.Check.InClear() || s.Check.ClientKind == hop.Plain {
		own = &o.Clear
	}
	if socket := (hop.FiveTuple{Source: s.result.Local, Destination: s.result.Remote}); s.Check.ClientKind == hop.Sidecar {
		*own = append(*own, socket) // which leaves the pod only where it goes past the proxy
	} else if socket.Source.IsValid() {
		o.Clear = append(o.Clear, socket)
	}
	for _, seen := range []*hop.Observation{s.Check.Observers.Client, s.Check.Observers.Probe, s.Check.Observers.Wire} {
		if seen != nil && seen.Conn.Source.IsValid() {
			*own = append(*own, seen.Conn)
		}
	}
	if s.Kept != nil {
		*own = append(*own, s.Kept.Conn)
	}
	return o
}
