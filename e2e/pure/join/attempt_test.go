package join

import (
	"net/netip"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

const (
	left    = "10.0.0.5:1000" // where the client's proxy connects from
	arrives = "10.0.0.7:8080"
)

func tuple(source, destination string) hop.FiveTuple {
	conn := hop.FiveTuple{Destination: netip.MustParseAddrPort(destination)}
	if source != "" {
		conn.Source = netip.MustParseAddrPort(source)
	}
	return conn
}

// request is an attempt over HTTP between two sidecars whose client's proxy names the connection; of none for an empty source.
func request(id, source string) *Attempt {
	return &Attempt{
		ID: id, Hop: hop.Hop{From: "client", To: hop.ServicePort{Service: "product", Port: 80}},
		Check:       verdict.Check{ID: id, ClientKind: hop.Sidecar, Protocol: hop.HTTP},
		Client:      End{Pod: "n/client", Address: netip.MustParseAddr("10.0.0.5"), Proxied: true},
		Server:      End{Pod: "n/product", Address: netip.MustParseAddr("10.0.0.7"), Proxied: true},
		Destination: netip.MustParseAddrPort(arrives),
		Reply:       Reply{Answered: true},
		ClientEnd:   &hop.Observation{Source: hop.Client, By: "n/client", ID: id, Says: hop.MTLS, Conn: tuple(source, arrives)},
	}
}

// onKept sends an attempt on a connection from before that left from a source.
func onKept(a *Attempt, source string) *Attempt {
	a.Kept = &Kept{Conn: tuple(source, arrives)}
	return a
}

func TestAConnectionIsNamedByItsClient(t *testing.T) {
	byProxy := request("1", left)
	byProxy.Check.Observers.Client = byProxy.ClientEnd
	byProbe := request("1", "")
	byProbe.Check.Observers.Probe = &hop.Observation{Conn: tuple("10.0.0.6:7", "10.96.0.1:80")}
	byWire := request("1", "")
	byWire.Check.Observers.Client = byWire.ClientEnd
	byWire.Check.Observers.Wire = &hop.Observation{Conn: tuple("10.0.0.5:9", arrives)}
	both := request("1", left)
	both.Check.Observers.Client, both.Check.Observers.Wire = both.ClientEnd, byWire.Check.Observers.Wire
	for name, test := range map[string]struct {
		attempt *Attempt
		named   hop.FiveTuple
		source  string
	}{
		"by its proxy":            {byProxy, tuple(left, arrives), left},
		"by a probe":              {byProbe, tuple("10.0.0.6:7", arrives), "10.0.0.6:7"},
		"by the case":             {onKept(request("1", ""), "10.0.0.5:3"), tuple("10.0.0.5:3", arrives), "10.0.0.5:3"},
		"by the wire alone":       {byWire, hop.FiveTuple{}, "10.0.0.5:9"},
		"by its proxy, then wire": {both, tuple(left, arrives), left},
		"by nobody":               {request("1", ""), hop.FiveTuple{}, ""},
	} {
		if got := test.attempt.named(); got != test.named {
			t.Errorf("%s: named %s", name, got)
		}
		if got := test.attempt.Source(); got.IsValid() != (test.source != "") || got.IsValid() && got.String() != test.source {
			t.Errorf("%s: from %s", name, got)
		}
	}
}

func TestWhoHasAnAnswer(t *testing.T) {
	for answered, want := range map[bool]bool{true: true, false: false} {
		if a := (&Attempt{Check: verdict.Check{ClientKind: hop.Sidecar}, Reply: Reply{Answered: answered}}); a.Served() != want {
			t.Errorf("answered %t: served %t", answered, a.Served())
		}
	}
	for name, test := range map[string]struct {
		seen *hop.Observation
		want bool
	}{
		"none":    {nil, false},
		"missing": {&hop.Observation{Missing: "not sent"}, false},
		"refused": {&hop.Observation{Says: hop.Refused}, false},
		"served":  {&hop.Observation{Says: hop.MTLS}, true},
	} {
		a := &Attempt{Check: verdict.Check{ClientKind: hop.Prober, Observers: verdict.Observers{Probe: test.seen}}, Reply: Reply{Answered: !test.want}}
		if a.Served() != test.want {
			t.Errorf("a probe, %s: %t", name, a.Served())
		}
	}
}

func TestOnlyAnAttemptOnAKeptConnectionCanHaveMoved(t *testing.T) {
	closed := &hop.Observation{Refusal: hop.Closed}
	for name, test := range map[string]struct {
		kept bool
		seen *hop.Observation
		want bool
	}{
		"on it": {true, &hop.Observation{Says: hop.MTLS}, false}, "not seen": {true, nil, false},
		"moved": {true, closed, true}, "on a new one": {false, closed, false},
	} {
		a := request("1", left)
		if test.kept {
			onKept(a, left)
		}
		a.Check.Observers.Client = test.seen
		if a.Moved() != test.want {
			t.Errorf("%s: %t", name, a.Moved())
		}
	}
}

func TestTheKindOfAProbeIsItsOwn(t *testing.T) {
	world := fixture.World{Clients: []fixture.Client{{Name: "client", Kind: hop.Sidecar}}}
	a := request("1", left)
	if got := a.Kind(world); got != hop.Sidecar {
		t.Errorf("a request: %s", got)
	}
	a.Want.Probe = &fixture.Probe{}
	if got := a.Kind(world); got != hop.Prober {
		t.Errorf("a probe: %s", got)
	}
}
