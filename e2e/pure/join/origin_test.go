package join

import (
	"net/netip"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func conn(source, destination string) hop.FiveTuple {
	return hop.FiveTuple{Source: netip.MustParseAddrPort(source), Destination: netip.MustParseAddrPort(destination)}
}

func reverse(c hop.FiveTuple) hop.FiveTuple {
	return hop.FiveTuple{Source: c.Destination, Destination: c.Source}
}

func TestWhatExplainsATokenInClear(t *testing.T) {
	var (
		socket     = conn("10.0.0.1:40000", "10.96.0.1:8080") // before Service translation
		translated = conn("10.0.0.1:40000", "10.0.0.7:8080")  // and after
		upstream   = conn("10.0.0.2:50000", "10.0.0.7:8080")
		mirrored   = conn("10.0.0.2:50001", "10.0.0.8:18080")
	)
	plain := Origin{Clear: []hop.FiveTuple{socket, translated}}
	mtls := Origin{Own: []hop.FiveTuple{upstream}}
	flow := Origin{Calls: []Call{{upstream.Source.Addr(), upstream.Destination}}}
	for name, row := range map[string]struct {
		origin Origin
		seen   hop.FiveTuple
		copies int
		own    bool
	}{
		"the client's own socket":                                         {plain, socket, 0, false},
		"the answer on it":                                                {plain, reverse(socket), 0, false},
		"the same connection after translation":                           {plain, translated, 0, false},
		"another connection of the client":                                {plain, conn("10.0.0.1:40001", "10.0.0.7:8080"), 1, false},
		"the same source port to another pod":                             {plain, conn("10.0.0.1:40000", "10.0.0.8:8080"), 1, false},
		"a mirror of a request over mTLS":                                 {mtls, mirrored, 1, false},
		"the answer to a mirrored request":                                {mtls, reverse(mirrored), 1, false},
		"the hop's own connection, which must be TLS":                     {mtls, upstream, 1, true},
		"a request that no observer follows, to where plaintext is right": {flow, upstream, 0, false},
		"its answer":                                 {flow, reverse(upstream), 0, false},
		"its copy to another port":                   {flow, mirrored, 1, false},
		"a call of the same server by somebody else": {flow, conn("10.0.0.9:50000", "10.0.0.7:8080"), 1, false},
	} {
		copies := row.origin.Copies([]Sighting{{Request: "r", Conn: row.seen, Offset: 7}}, netip.Addr.String)
		switch {
		case len(copies) != row.copies:
			t.Errorf("%s: %d copies, want %d", name, len(copies), row.copies)
		case row.copies == 0:
		case copies[0].Own != row.own || copies[0].From != row.seen.Source.Addr().String() || copies[0].To != row.seen.Destination.Addr().String() || copies[0].Offset != 7 || copies[0].Request != "r":
			t.Errorf("%s: got %+v", name, copies[0])
		}
	}
}
