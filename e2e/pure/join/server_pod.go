package join

import (
	"net/netip"
	"slices"
)

// Decided tells that it is known to which of the server's pods the attempt came.
func (a *Attempt) Decided() bool { return a.Server.Pod != "" }

// ComeTo decides that the attempt came to the server's pod with an address, where it is one of those to which it may come and
// none is known yet.
func (a *Attempt) ComeTo(address netip.Addr) {
	at := slices.IndexFunc(a.Servers, func(end End) bool { return end.Address == address })
	if a.Decided() || at < 0 {
		return
	}
	a.Server, a.Destination = a.Servers[at], netip.AddrPortFrom(address, a.Destination.Port())
}

// destinations are where the attempt's connection may arrive.
func (a *Attempt) destinations() []netip.AddrPort {
	if a.Decided() || len(a.Servers) == 0 {
		return []netip.AddrPort{a.Destination}
	}
	var all []netip.AddrPort
	for _, end := range a.Servers {
		all = append(all, netip.AddrPortFrom(end.Address, a.Destination.Port()))
	}
	return all
}
