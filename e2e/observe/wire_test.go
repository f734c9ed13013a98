package observe

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/fixtures/agent/tap"
)

func TestWhatATapFoundBecomesObservations(t *testing.T) {
	began := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	by := mesh.Proxy{Namespace: "tap", Pod: "tap-1"}
	server := netip.MustParseAddrPort("10.244.0.7:8080")
	asked := tap.Wanted{Destination: server, Since: began}
	conn := tap.Connection{Source: netip.MustParseAddrPort("10.244.0.5:43502"), Destination: server, Opened: began, Closed: true, Reset: tap.Server}
	named := hop.FiveTuple{Source: conn.Source, Destination: server}
	tests := map[string]struct {
		found   tap.Found
		conn    hop.FiveTuple
		says    hop.Outcome
		missing string
	}{
		"a connection of which nothing was kept": {tap.Found{Connections: []tap.Connection{conn}, Complete: began}, named, "", "the client's SYN"},
		"none, and the tap saw all":              {tap.Found{Complete: began}, hop.FiveTuple{Destination: server}, hop.Absent, ""},
		"none, and the tap lost packets":         {tap.Found{Complete: began.Add(time.Second)}, hop.FiveTuple{Destination: server}, "", "gap before"},
		"none, and the tap began anew":           {tap.Found{}, hop.FiveTuple{Destination: server}, "", "not watch"},
	}
	for name, test := range tests {
		wires := map[hop.FiveTuple]Wire{}
		read(wires, by, asked, test.found)
		seen, there := wires[test.conn]
		o := seen.Observation
		if !there || len(wires) != 1 || o.Says != test.says || !strings.Contains(o.Missing, test.missing) || (o.Missing == "") != (test.missing == "") || o.Source != hop.Wire || o.By != by.String() || o.Conn != test.conn {
			t.Errorf("%s: got %+v", name, wires)
		}
	}
}

func TestAConnectionOfAnUnwatchedPodIsMissing(t *testing.T) {
	asked := tap.Wanted{Source: netip.MustParseAddrPort("10.244.0.5:43502"), Destination: netip.MustParseAddrPort("10.244.0.7:8080")}
	taps := NewTaps(nil, nil, "tap")
	wires := taps.Connections(t.Context(), []tap.Wanted{asked})
	if seen := wires[tupleOf(asked)].Observation; !strings.Contains(seen.Missing, "no tap watches") {
		t.Errorf("got %+v", wires)
	}
	if err := taps.SeesPlaintext(t.Context(), asked); err == nil || !strings.Contains(err.Error(), "no tap watches") {
		t.Errorf("got %v", err)
	}
}
