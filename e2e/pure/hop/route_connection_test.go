package hop

import (
	"net/netip"
	"strings"
	"testing"
)

func TestCarryingKeepsTheNarrowestRoutes(t *testing.T) {
	routes := func(matches ...string) []Route {
		var all []Route
		for _, match := range matches {
			all = append(all, Route{Match: match, By: match})
		}
		return all
	}
	tls := routes("sni exact a.test", "sni exact *.test", "sni exact *.b.test")
	tcp := routes("address exact 10.1.0.0/16", "address exact 10.1.2.0/24", "address exact 10.1.2.3", "")
	both := routes("address exact 10.1.0.0/16; sni exact a.test", "sni exact a.test")
	for name, row := range map[string]struct {
		routes       []Route
		sni, address string
		want         string
	}{
		"the name itself":     {tls, "A.test", "", "sni exact a.test"},
		"a wildcard":          {tls, "c.test", "", "sni exact *.test"},
		"a longer wildcard":   {tls, "a.b.test", "", "sni exact *.b.test"},
		"another name":        {tls, "a.example", "", ""},
		"an address":          {tcp, "", "10.1.2.3", "address exact 10.1.2.3"},
		"a narrow range":      {tcp, "", "10.1.2.4", "address exact 10.1.2.0/24"},
		"a wide range":        {tcp, "", "10.1.3.4", "address exact 10.1.0.0/16"},
		"the rest":            {tcp[1:], "", "10.1.3.4", ""},
		"the address first":   {both, "a.test", "10.1.2.3", "address exact 10.1.0.0/16; sni exact a.test"},
		"the name alone":      {both, "a.test", "10.2.2.3", "sni exact a.test"},
		"routes of a request": {routes("path prefix /a", ""), "a.test", "10.1.2.3", "path prefix /a, "},
	} {
		address, _ := netip.ParseAddr(row.address)
		var kept []string
		for _, route := range Carrying(row.routes, row.sni, address) {
			kept = append(kept, route.By)
			if strings.Contains(route.Match, "sni") || strings.Contains(route.Match, "address") {
				t.Errorf("%s: match %q", name, route.Match)
			}
		}
		if got := strings.Join(kept, ", "); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	if kept := Carrying(tcp, "", netip.Addr{}); len(kept) != len(tcp) {
		t.Errorf("an unknown address: %+v", kept)
	}
}
