package join

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

var began = time.Unix(100, 0)

// wires are connections that the wire shows, all encrypted.
func wires(all ...hop.FiveTuple) Wires {
	shown := Wires{}
	for _, conn := range all {
		shown[conn] = hop.Observation{Source: hop.Wire, By: "n/tap", Conn: conn, Says: hop.Encrypted}
	}
	return shown
}

// joined joins the clients' ends of attempts, then what the wire shows.
func joined(shown Wires, attempts ...*Attempt) {
	for _, a := range attempts {
		a.JoinClient()
	}
	Wire(attempts, shown)
}

func TestTheTapsAreAskedForEachConnectionOnce(t *testing.T) {
	other := request("3", left)
	other.Destination = netip.MustParseAddrPort("10.0.0.7:9000")
	got := Queries([]*Attempt{request("1", left), request("2", left), other, onKept(request("4", ""), left)}, began)
	want := []Query{
		{Destination: netip.MustParseAddrPort(arrives), Since: began},
		{Destination: netip.MustParseAddrPort("10.0.0.7:9000"), Since: began},
		{Source: netip.MustParseAddrPort(left), Destination: netip.MustParseAddrPort(arrives)},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestAConnectionIsJoinedByItsFiveTuple(t *testing.T) {
	one, two := request("1", left), request("2", "10.0.0.5:1001")
	joined(wires(tuple("10.0.0.5:1001", arrives), tuple(left, arrives), tuple("10.0.0.5:7", arrives)), one, two)
	for a, source := range map[*Attempt]string{one: left, two: "10.0.0.5:1001"} {
		if wire := a.Check.Observers.Wire; wire.Conn != tuple(source, arrives) || wire.ID != a.ID || wire.Says != hop.Encrypted {
			t.Errorf("%s: %+v", a.ID, wire)
		}
	}
}

func TestAConnectionWithoutANameIsTheOnlyOneLeft(t *testing.T) {
	const taken = "10.0.0.5:999"
	for name, test := range map[string]struct {
		shown []hop.FiveTuple
		want  string // source of the connection that is its own
		none  string
	}{
		"one beside another's":      {[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives)}, left, ""},
		"two":                       {[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives), tuple("10.0.0.5:7", arrives)}, "", "of 2 connections"},
		"none":                      {[]hop.FiveTuple{tuple(taken, arrives)}, "", "of 0 connections"},
		"one beside another pod's":  {[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives), tuple("10.0.0.6:7", arrives)}, left, ""},
		"one beside another port's": {[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives), tuple("10.0.0.5:7", "10.0.0.7:9000")}, left, ""},
		"that none came":            {[]hop.FiveTuple{tuple(taken, arrives), tuple("", arrives)}, "", ""},
	} {
		nameless, other := request("1", ""), request("2", taken)
		joined(wires(test.shown...), nameless, other)
		if wire := other.Check.Observers.Wire; wire.Conn.Source.String() != taken {
			t.Errorf("%s: the other's is %+v", name, wire)
		}
		got := nameless.Check.Observers.Wire
		if test.none != "" {
			if !strings.Contains(got.Missing, test.none) || got.ID != "1" || got.Source != hop.Wire {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got.Missing != "" || got.Conn.Source.IsValid() != (test.want != "") || test.want != "" && got.Conn.Source.String() != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAConnectionThatIsNamedAndNotShownIsAskedForByItsName(t *testing.T) {
	never, found, nameless, kept := request("never", left), request("found", "10.0.0.5:2"), request("nameless", ""), onKept(request("kept", "10.0.0.5:4"), "10.0.0.5:4")
	all := []*Attempt{never, found, nameless, kept}
	joined(wires(tuple("10.0.0.5:2", arrives)), all...)
	since := time.Unix(5, 0)
	want := []Query{{Source: netip.MustParseAddrPort(left), Destination: netip.MustParseAddrPort(arrives), Since: since}}
	if got := NotShown(all, since); !slices.Equal(got, want) {
		t.Fatalf("asked for %+v", got)
	}
	absent := func(source string) hop.Observation {
		return hop.Observation{Source: hop.Wire, Conn: tuple(source, arrives), Says: hop.Absent}
	}
	Named(all, Wires{tuple(left, arrives): absent(left), tuple("10.0.0.5:2", arrives): absent("10.0.0.5:2")})
	for a, says := range map[*Attempt]hop.Outcome{never: hop.Absent, found: hop.Encrypted, nameless: "", kept: ""} {
		if got := a.Check.Observers.Wire; got.Says != says || (got.Missing == "") != (says != "") {
			t.Errorf("%s: %+v", a.ID, got)
		}
	}
	if again := NotShown([]*Attempt{never}, since); len(again) > 0 {
		t.Errorf("asked for again: %+v", again)
	}
}

// That nothing came since the batch began says nothing of a connection from before.
func TestAConnectionFromBeforeTheBatchIsAskedForByItsName(t *testing.T) {
	nothing := hop.FiveTuple{Destination: netip.MustParseAddrPort(arrives)}
	a := request("1", left)
	joined(Wires{nothing: {Source: hop.Wire, By: "n/tap", Conn: nothing, Says: hop.Absent}}, a)
	if got := NotShown([]*Attempt{a}, time.Time{}); len(got) != 1 || got[0].Source != netip.MustParseAddrPort(left) {
		t.Fatalf("asked for: %+v", got)
	}
	Named([]*Attempt{a}, wires(tuple(left, arrives)))
	if a.Check.Observers.Wire.Says != hop.Encrypted {
		t.Errorf("%+v", a.Check.Observers.Wire)
	}
	b := request("2", "")
	joined(Wires{nothing: {Source: hop.Wire, By: "n/tap", Conn: nothing, Says: hop.Absent}}, b)
	if b.Check.Observers.Wire.Says != hop.Absent {
		t.Errorf("a connection without a name: %+v", b.Check.Observers.Wire)
	}
}

func TestPacketsOfAServerWithoutAPositiveControlProveNothing(t *testing.T) {
	a := request("1", left)
	a.Server.Blind = errors.New("the tap showed no plaintext")
	joined(wires(tuple(left, arrives)), a)
	want := hop.Observation{Source: hop.Wire, By: "n/tap", ID: "1", Conn: tuple(left, arrives), Missing: "the tap showed no plaintext"}
	if got := a.Check.Observers.Wire; *got != want {
		t.Errorf("%+v", got)
	}
}

func TestTheWireNamesTheRefusalsThatItAloneShows(t *testing.T) {
	opened := time.Unix(1, 0)
	for name, test := range map[string]struct {
		protocol hop.Protocol
		kept     bool
		packets  *hop.Packets
		want     hop.Refusal
	}{
		"kept, closed":                   {hop.HTTP, true, &hop.Packets{Opened: opened, Closed: true}, hop.Closed},
		"kept, open":                     {hop.HTTP, true, &hop.Packets{Opened: opened}, ""},
		"kept, nothing seen":             {hop.HTTP, true, nil, ""},
		"closed":                         {hop.HTTP, false, &hop.Packets{Opened: opened, Closed: true}, ""},
		"both wait":                      {hop.Greet, false, &hop.Packets{Opened: opened}, hop.ServerFirst},
		"both wait, but the protocol":    {hop.TCP, false, &hop.Packets{Opened: opened}, ""},
		"the client spoke":               {hop.Greet, false, &hop.Packets{Opened: opened, ClientBytes: 1}, ""},
		"the server spoke":               {hop.Greet, false, &hop.Packets{Opened: opened, ServerBytes: 1}, ""},
		"it was never established":       {hop.Greet, false, &hop.Packets{}, ""},
		"nothing seen of one that waits": {hop.Greet, false, nil, ""},
	} {
		a := request("1", left)
		a.Check.Protocol = test.protocol
		if test.kept {
			onKept(a, left)
		}
		joined(Wires{tuple(left, arrives): {Source: hop.Wire, Packets: test.packets}}, a)
		if got := a.Check.Observers.Wire; got.Refusal != test.want || got.ID != "1" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
