package observe

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
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
		read(wires, by, clock.Reading{}, asked, test.found)
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

func TestTimesOfATapAreTheRunners(t *testing.T) {
	opened := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	by, server := mesh.Proxy{Namespace: "tap", Pod: "tap-1"}, netip.MustParseAddrPort("10.244.0.7:8080")
	for _, offset := range []time.Duration{2 * time.Second, -2 * time.Second, 0} {
		reading := clock.Reading{Offset: offset, Uncertainty: time.Millisecond}
		byTap := opened.Add(offset)
		conn := tap.Connection{Source: netip.MustParseAddrPort("10.244.0.5:43502"), Destination: server, Opened: byTap, Frames: []tap.Frame{{At: byTap}}}
		wires := map[hop.FiveTuple]Wire{}
		read(wires, by, reading, tap.Wanted{Destination: server, Since: opened}, tap.Found{Connections: []tap.Connection{conn}, Complete: byTap})
		seen := wires[hop.FiveTuple{Source: conn.Source, Destination: server}].Observation
		if !seen.Packets.Opened.Equal(opened) || !seen.At.Equal(opened) || seen.Packets.Clock != reading {
			t.Errorf("%s: opened at %s, seen at %s, by a clock of %s", offset, seen.Packets.Opened, seen.At, seen.Packets.Clock)
		}
		if asked := since(reading, opened); !asked.Equal(byTap.Add(-time.Millisecond)) {
			t.Errorf("%s: it is asked for what opened from %s on", offset, asked)
		}
		if whole := since(reading, time.Time{}); !whole.IsZero() {
			t.Errorf("%s: it is asked for all from %s on", offset, whole)
		}
	}
}

func TestAbsenceIsClaimedOnlyWhereTheTapWatchedByBothClocks(t *testing.T) {
	began := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	by, server := mesh.Proxy{Namespace: "tap", Pod: "tap-1"}, netip.MustParseAddrPort("10.244.0.7:8080")
	for name, test := range map[string]struct {
		offset, uncertainty, complete time.Duration // complete from when on, by the runner's clock
		absent                        bool
	}{
		"since before":              {2 * time.Second, time.Millisecond, -time.Second, true},
		"since before, from behind": {-2 * time.Second, time.Millisecond, -time.Second, true},
		"since after, from behind":  {-2 * time.Second, time.Millisecond, time.Second, false},
		"since after":               {2 * time.Second, time.Millisecond, time.Second, false},
		"within the uncertainty":    {0, 100 * time.Millisecond, -50 * time.Millisecond, false},
		"before by the uncertainty": {0, 100 * time.Millisecond, -100 * time.Millisecond, true},
	} {
		wires := map[hop.FiveTuple]Wire{}
		asked := tap.Wanted{Destination: server, Since: began}
		read(wires, by, clock.Reading{Offset: test.offset, Uncertainty: test.uncertainty}, asked, tap.Found{Complete: began.Add(test.complete).Add(test.offset)})
		if seen := wires[tupleOf(asked)].Observation; (seen.Says == hop.Absent) != test.absent || (seen.Missing == "") != test.absent {
			t.Errorf("%s: got %+v", name, seen)
		}
	}
}

func TestAWrongClockMakesNoConnectionOlderOrNewer(t *testing.T) {
	settled := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	by, server := mesh.Proxy{Namespace: "tap", Pod: "tap-1"}, netip.MustParseAddrPort("10.244.0.7:8080")
	for _, offset := range []time.Duration{2 * time.Second, -2 * time.Second, 0} {
		for opened, early := range map[time.Duration]bool{-500 * time.Millisecond: true, 500 * time.Millisecond: false} {
			reading := clock.Reading{Offset: offset, Uncertainty: time.Millisecond}
			conn := tap.Connection{Source: netip.MustParseAddrPort("10.244.0.5:43502"), Destination: server, Opened: settled.Add(opened).Add(offset)}
			wires := map[hop.FiveTuple]Wire{}
			read(wires, by, reading, tap.Wanted{Destination: server}, tap.Found{Connections: []tap.Connection{conn}})
			seen := wires[hop.FiveTuple{Source: conn.Source, Destination: server}].Observation
			seen.Says, seen.Missing = hop.Encrypted, "" // what its frames would show
			check := verdict.Check{Settled: verdict.Settled{At: settled}, Observers: verdict.Observers{Wire: &seen}}
			check.Judge()
			if strings.Contains(check.Reason, "before the mesh had settled") != early || check.OnTheWire() == early {
				t.Errorf("clock %s, opened %s after the settling: %s", offset, opened, check.Reason)
			}
		}
	}
}

func TestWhatPassedWhileAClockWasSetIsDatedByBothReadings(t *testing.T) {
	by := mesh.Proxy{Namespace: "tap", Pod: "tap-1"}
	first, later := clock.Reading{Uncertainty: time.Millisecond}, clock.Reading{Offset: 2 * time.Second, Uncertainty: time.Millisecond}
	readings := []clock.Reading{first, first, later, later}
	taps := NewTaps(nil, nil, "tap")
	taps.clock = func(context.Context, mesh.Proxy, time.Duration) (clock.Reading, error) {
		now := readings[0]
		readings = readings[1:]
		return now, nil
	}
	for i, want := range []clock.Reading{first, first, {Offset: time.Second, Uncertainty: 1001 * time.Millisecond}, later} {
		if got, err := taps.measure(t.Context(), by); err != nil || got != want {
			t.Errorf("measurement %d: got %s, want %s, %v", i, got, want, err)
		}
	}
	if all := taps.Clocks(); len(all) != 1 || all[0].Name != by.String() || all[0].Reading != later || len(all[0].Steps) != 1 || all[0].Steps[0] != 2*time.Second {
		t.Errorf("got %+v", all)
	}
	taps.nodes[netip.MustParseAddr("10.244.0.7")] = by
	taps.clock = func(context.Context, mesh.Proxy, time.Duration) (clock.Reading, error) {
		return clock.Reading{}, clock.ErrStepped
	}
	asked := tap.Wanted{Destination: netip.MustParseAddrPort("10.244.0.7:8080")}
	if seen := taps.Connections(t.Context(), []tap.Wanted{asked})[tupleOf(asked)].Observation; !strings.Contains(seen.Missing, clock.ErrStepped.Error()) || seen.Says != "" {
		t.Errorf("by a clock that could not be measured: got %+v", seen)
	}
}
