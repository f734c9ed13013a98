package join

import (
	"net/netip"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

var replicas = []End{{Pod: "n/a", Address: netip.MustParseAddr("10.0.0.7")}, {Pod: "n/b", Address: netip.MustParseAddr("10.0.0.8")}}

// ofReplicas is an attempt that may come to either of two pods.
func ofReplicas(kind hop.ClientKind, seen hop.FiveTuple) *Attempt {
	a := &Attempt{ID: "r-1", Client: End{Pod: "n/c", Address: netip.MustParseAddr("10.0.0.5")}, Servers: replicas}
	a.Destination = netip.AddrPortFrom(netip.Addr{}, 8080)
	a.Check.ClientKind = kind
	a.ClientEnd = &hop.Observation{Source: hop.Client, Conn: seen, Says: hop.Plaintext}
	a.Reply.Answered = true
	return a
}

func TestTheServersPodIsTheClientsUpstreamHostElseTheWires(t *testing.T) {
	byLine := ofReplicas(hop.Sidecar, tuple("10.0.0.5:1000", "10.0.0.8:8080"))
	byLine.JoinClient()
	if byLine.Server.Pod != "n/b" || byLine.Destination.String() != "10.0.0.8:8080" {
		t.Errorf("by the client's line: %+v at %s", byLine.Server, byLine.Destination)
	}
	byWire := ofReplicas(hop.Plain, tuple("10.0.0.5:1001", "10.96.0.1:80"))
	byWire.JoinClient()
	if byWire.Decided() {
		t.Errorf("a Service's address is no pod's: %+v", byWire.Server)
	}
	all := []*Attempt{byLine, byWire}
	if queries := Queries(all, byWire.Check.SentAt); len(queries) != 2 {
		t.Errorf("questions %+v", queries)
	}
	shown := Wires{}
	for _, one := range []hop.FiveTuple{tuple("10.0.0.5:1000", "10.0.0.8:8080"), tuple("10.0.0.5:1001", "10.0.0.7:8080")} {
		shown[one] = hop.Observation{Source: hop.Wire, Conn: one, Says: hop.Plaintext}
	}
	Wire(all, shown)
	if byWire.Server.Pod != "n/a" || byWire.Check.Observers.Wire.Says != hop.Plaintext || byLine.Server.Pod != "n/b" {
		t.Errorf("by the wire: %+v, %+v", byWire.Server, byWire.Check.Observers.Wire)
	}
}

func TestWhatCameToNoPodIsAbsentOnlyWhereAllPodsAreWatched(t *testing.T) {
	absent := func(destinations ...string) Wires {
		shown := Wires{}
		for _, to := range destinations {
			one := tuple("", to)
			shown[one] = hop.Observation{Source: hop.Wire, Conn: one, Says: hop.Absent}
		}
		return shown
	}
	for want, shown := range map[hop.Outcome]Wires{hop.Absent: absent("10.0.0.7:8080", "10.0.0.8:8080"), "": absent("10.0.0.7:8080")} {
		a := ofReplicas(hop.Plain, hop.FiveTuple{})
		a.JoinClient()
		Wire([]*Attempt{a}, shown)
		if got := a.Check.Observers.Wire; got.Says != want || a.Decided() {
			t.Errorf("%+v: %+v", shown, got)
		}
	}
}
