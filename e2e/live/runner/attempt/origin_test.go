package attempt

import (
	"net/netip"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
)

var (
	clientSocket = hop.FiveTuple{Source: netip.MustParseAddrPort("10.0.0.2:40000"), Destination: netip.MustParseAddrPort("10.96.0.1:8080")}
	onWire       = hop.FiveTuple{Source: netip.MustParseAddrPort("10.0.0.2:50000"), Destination: netip.MustParseAddrPort("10.0.0.7:8080")}
	behind       = netip.MustParseAddrPort("10.0.0.9:8080")
	asked        = join.Call{From: onWire.Source.Addr(), To: onWire.Destination}
)

// attempted is an attempt from one pod to another, as it is after it was joined.
func attempted(kind hop.ClientKind, want hop.Outcome, change func(*sent)) *sent {
	client, server := mesh.Place{Address: onWire.Source.Addr()}, mesh.Place{Proxy: mesh.Proxy{Pod: "server"}, Address: onWire.Destination.Addr()}
	s := &sent{
		Attempt: &join.Attempt{ID: "id", Want: fixture.Expect{Want: want}, Destination: onWire.Destination},
		over:    Over{Client: client, Servers: mesh.Pods{server}},
		tries:   "id-try-",
		result:  call.Result{Local: clientSocket.Source, Remote: clientSocket.Destination},
	}
	s.Check.Want, s.Check.ClientKind = want, kind
	s.Check.Observers.Wire = &hop.Observation{Conn: onWire}
	change(s)
	return s
}

func TestWhereAnAttemptMayBeInClear(t *testing.T) {
	none := func(*sent) {}
	closed := func(asked hop.Outcome, says hop.Outcome) func(*sent) {
		return func(s *sent) {
			s.Kept = &join.Kept{Conn: onWire}
			s.over.Asked, s.over.Configs = asked, map[mesh.Proxy]verdict.Config{{Pod: "server"}: {Client: &envoy.ClientFacts{Says: says}}}
		}
	}
	for name, row := range map[string]struct {
		of         *sent
		clear, own []hop.FiveTuple
		calls      []join.Call
		plain      []join.Call
	}{
		"mTLS from a sidecar":                      {of: attempted(hop.Sidecar, hop.MTLS, none), own: []hop.FiveTuple{clientSocket, onWire}},
		"mTLS from a gateway":                      {of: attempted(hop.Gateway, hop.MTLS, none), clear: []hop.FiveTuple{clientSocket}, own: []hop.FiveTuple{onWire}},
		"plaintext from a sidecar":                 {of: attempted(hop.Sidecar, hop.Plaintext, none), clear: []hop.FiveTuple{clientSocket, onWire}, plain: []join.Call{asked}},
		"a client without a proxy that is refused": {of: attempted(hop.Plain, hop.Refused, none), clear: []hop.FiveTuple{clientSocket, onWire}},
		"a kept connection that is closed, where new ones are in clear": {
			of: attempted(hop.Sidecar, hop.Refused, closed(hop.Plaintext, hop.Plaintext)), own: []hop.FiveTuple{clientSocket, onWire, onWire}, calls: []join.Call{asked},
		},
		"a kept connection that is closed, where new ones begin in clear and are refused": {
			of: attempted(hop.Sidecar, hop.Refused, closed(hop.Refused, hop.Plaintext)), own: []hop.FiveTuple{clientSocket, onWire, onWire}, calls: []join.Call{asked},
		},
		"a kept connection that is closed, where new ones are mTLS": {
			of: attempted(hop.Sidecar, hop.Refused, closed(hop.MTLS, hop.MTLS)), own: []hop.FiveTuple{clientSocket, onWire, onWire},
		},
		"a gateway that a case lets call in clear": {
			of: attempted(hop.Plain, hop.OneWayTLS, func(s *sent) { s.clearBehind = []netip.AddrPort{behind} }), clear: []hop.FiveTuple{clientSocket, onWire},
			calls: []join.Call{{From: onWire.Destination.Addr(), To: behind}},
		},
	} {
		got := row.of.origin()
		if !slices.Equal(got.Clear, row.clear) || !slices.Equal(got.Own, row.own) || !slices.Equal(got.Calls, row.calls) || !slices.Equal(got.Plain, row.plain) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
