package redact

import (
	"net/netip"
	"slices"
)

// ranges are where pseudonyms of addresses are from: for documentation (RFC 5737, RFC 3849), and where these are used up for benchmarks
// (RFC 2544) and reserved for good (RFC 1112).
var (
	ranges4 = prefixes("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "240.0.0.0/4")
	ranges6 = prefixes("2001:db8::/32")
)

func prefixes(all ...string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, one := range all {
		parsed = append(parsed, netip.MustParsePrefix(one))
	}
	return parsed
}

// addresses gives pseudonyms to addresses.
type addresses struct {
	taken        map[netip.Addr]bool
	given        map[netip.Addr]netip.Addr
	last4, last6 netip.Addr
}

func newAddresses() *addresses {
	return &addresses{taken: map[netip.Addr]bool{}, given: map[netip.Addr]netip.Addr{}, last4: ranges4[0].Addr(), last6: ranges6[0].Addr()}
}

// learn takes an address that is no pseudonym.
func (a *addresses) learn(address netip.Addr) netip.Addr {
	a.taken[address.WithZone("").Unmap()] = true
	return address
}

// of is the pseudonym of an address. The unspecified address and those of the loopback interface are everybody's and stay, as does what is
// no address.
func (a *addresses) of(address netip.Addr) netip.Addr {
	switch {
	case address.WithZone("").IsUnspecified() || address.Unmap().IsLoopback():
		return address.WithZone("")
	case !address.IsValid():
		return address
	case address.Is4In6():
		return netip.AddrFrom16(a.of(address.Unmap()).As16())
	}
	if a.given[address].IsValid() {
		return a.given[address]
	}
	last, within := &a.last6, ranges6
	if address.Is4() {
		last, within = &a.last4, ranges4
	}
	*last = next(*last, within)
	for a.taken[*last] {
		*last = next(*last, within)
	}
	a.given[address] = *last
	return *last
}

// next is the address behind another one of the ranges: the first one of a range is its network's, and left out.
func next(last netip.Addr, within []netip.Prefix) netip.Addr {
	place := slices.IndexFunc(within, func(one netip.Prefix) bool { return one.Contains(last) })
	if following := last.Next(); within[place].Contains(following) {
		return following
	}
	return within[(place+1)%len(within)].Addr().Next()
}
