package attempt

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
)

const (
	left    = "10.0.0.5:1000" // where the client's proxy connects from
	app     = "10.0.0.5:40000"
	service = "10.96.0.1:80"
	arrives = "10.0.0.7:8080"
)

// requested is a batch of one request whose id both proxies and the application have.
func requested(t *testing.T, a *join.Attempt) *scene {
	t.Helper()
	s := sceneOf(t, a)
	s.batch.sent[0].replied(replied(a.ID, app, service))
	s.logs(clientPod, app, service, request(a.ID)+upstream(left, arrives))
	s.logs(serverPod, left, arrives, request(a.ID)+downstreamMTLS)
	s.received(a.ID)
	return s
}

func TestARequestIsJoinedByItsID(t *testing.T) {
	a := overHop("r-1", 80)
	s := requested(t, a)
	s.joinAll(t, wires(tuple("10.0.0.5:1001", arrives), tuple(left, arrives)))
	o := a.Check.Observers
	if o.Client.Says != hop.MTLS || o.Server.Says != hop.MTLS || o.Wire.Says != hop.Encrypted || o.Application.Says != hop.Plaintext {
		t.Errorf("client %+v, server %+v, wire %+v, application %+v", o.Client, o.Server, o.Wire, o.Application)
	}
	if o.Wire.Conn != tuple(left, arrives) || a.Check.Rewritten || a.Check.Reused != "" || a.Unlogged || len(s.batch.Lines) != 2 {
		t.Errorf("%+v, lines %q", a.Check, s.batch.Lines)
	}
}

func TestEveryRequestOfABatchIsJoined(t *testing.T) {
	one, two := overHop("r-1", 80), overHop("r-2", 80)
	s := sceneOf(t, one, two)
	for i, from := range []string{left, "10.0.0.5:1001"} {
		sent := s.batch.sent[i]
		client := netip.AddrPortFrom(clientPod.Address, uint16(40000+i)).String()
		sent.replied(replied(sent.ID, client, service))
		s.logs(clientPod, client, service, request(sent.ID)+upstream(from, arrives))
		s.logs(serverPod, from, arrives, request(sent.ID)+downstreamMTLS)
	}
	s.received("r-1", "r-2")
	s.joinAll(t, wires(tuple(left, arrives), tuple("10.0.0.5:1001", arrives)))
	for a, from := range map[*join.Attempt]string{one: left, two: "10.0.0.5:1001"} {
		o := a.Check.Observers
		if o.Client.Conn != tuple(from, arrives) || o.Server.Conn != tuple(from, arrives) || o.Wire.Conn != tuple(from, arrives) || o.Application.ID != a.ID {
			t.Errorf("%s: client %+v, server %+v, wire %+v, application %+v", a.ID, o.Client, o.Server, o.Wire, o.Application)
		}
	}
	if checks := s.batch.Made(); len(checks) != 2 || checks[0].Check.ID != "r-1" || checks[1].Check.Observers.Server.ID != "r-2" {
		t.Errorf("%+v", checks)
	}
}

func TestAServerThatNoTapWatchesHasNoWire(t *testing.T) {
	a := overHop("r-1", 80)
	s := requested(t, a)
	s.clients(t.Context(), s.batch)
	s.wire(t.Context(), s.batch)
	if wire := a.Check.Observers.Wire; !strings.Contains(wire.Missing, "no tap watches") || wire.Conn != tuple(left, arrives) || len(s.batch.Packets) > 0 {
		t.Errorf("%+v", wire)
	}
	b := overHop("r-1", 80)
	s = requested(t, b)
	s.Taps = nil
	s.clients(t.Context(), s.batch)
	s.wire(t.Context(), s.batch)
	s.servers(t.Context(), s.batch)
	if o := b.Check.Observers; o.Wire != nil || o.Server.Says != hop.MTLS {
		t.Errorf("without taps: %+v", o)
	}
}

func TestATCPConnectionIsJoinedByItsTwoAddresses(t *testing.T) {
	const arrives, of = "10.0.0.7:9000", "10.96.0.1:90"
	a := overHop("t-1", 90)
	s := sceneOf(t, a)
	s.batch.sent[0].replied(replied("t-1", app, of))
	s.logs(clientPod, app, "10.96.0.1:91", upstream("10.0.0.5:1", arrives))
	s.logs(clientPod, app, of, upstream(left, arrives))
	s.logs(clientPod, "10.0.0.5:40001", of, upstream("10.0.0.5:2", arrives))
	s.logs(serverPod, "10.0.0.5:1", arrives, downstreamMTLS)
	s.logs(serverPod, left, arrives, downstreamMTLS)
	s.logs(serverPod, "10.0.0.5:2", arrives, downstreamMTLS)
	s.joinAll(t, wires(tuple("10.0.0.5:1", arrives), tuple(left, arrives)))
	o := a.Check.Observers
	if o.Client.Conn != tuple(left, arrives) || o.Server.Conn != tuple(left, arrives) || o.Wire.Conn != tuple(left, arrives) || o.Server.Says != hop.MTLS {
		t.Errorf("client %+v, server %+v, wire %+v", o.Client, o.Server, o.Wire)
	}
}

func TestBytesPassedOnUnreadAreOfTheirConnection(t *testing.T) {
	const arrives, of = "10.0.0.7:9000", "10.96.0.1:90"
	a := overHop("t-1", 90)
	s := sceneOf(t, a)
	s.batch.sent[0].replied(replied("t-1", app, of))
	s.logs(clientPod, app, of, `,"bytes_sent":7,"upstream_local_address":"10.0.0.5:1000","upstream_remote_address":"10.0.0.7:9000"`)
	s.logs(serverPod, left, arrives, `,"bytes_sent":7`)
	s.joinAll(t, wires(tuple(left, arrives)))
	if o := a.Check.Observers; o.Client.Says != hop.Plaintext || o.Server.Says != hop.Raw || o.Wire.Conn != tuple(left, arrives) {
		t.Errorf("client %+v, server %+v, wire %+v", o.Client, o.Server, o.Wire)
	}
}

func TestAServersLineIsFoundByTheAddressThatTheWireAloneNames(t *testing.T) {
	const arrives = "10.0.0.7:9000"
	failed := `,"upstream_host":"10.0.0.7:9000","response_flags":"UF","upstream_transport_failure_reason":"TLS_error"`
	a := overHop("t-1", 90)
	s := sceneOf(t, a)
	s.batch.sent[0].replied(call.Result{ID: "t-1", Local: netip.MustParseAddrPort(app), Remote: netip.MustParseAddrPort("10.96.0.1:90"), Error: "EOF"})
	s.logs(clientPod, app, "10.96.0.1:90", failed)
	s.logs(serverPod, left, arrives, `,"log":"listener","downstream_transport_failure_reason":"TLS_error"`)
	s.joinAll(t, wires(tuple(left, arrives)))
	if o := a.Check.Observers; o.Server.Says != hop.Refused || o.Server.Conn.Source.String() != left {
		t.Errorf("%+v", o.Server)
	}
}

func TestAPortThatNetfilterChangedIsNoOtherConnection(t *testing.T) {
	const rewritten = "10.0.0.5:60033"
	for from, want := range map[string]bool{rewritten: true, left: false} {
		a := overHop("r-1", 80)
		s := sceneOf(t, a)
		s.batch.sent[0].replied(replied("r-1", app, service))
		s.logs(clientPod, app, service, request("r-1")+upstream(left, arrives))
		s.logs(serverPod, left, "10.0.0.7:50051", request("r-0")+downstreamMTLS+`,"connection_id":3`)
		s.logs(serverPod, from, arrives, request("r-1")+downstreamMTLS+`,"connection_id":4`)
		s.joinAll(t, wires(tuple(left, arrives)))
		if a.Check.Rewritten != want || a.Check.Observers.Server.Says != hop.MTLS {
			t.Errorf("from %s: rewritten is %t, %+v", from, a.Check.Rewritten, a.Check.Observers.Server)
		}
	}
}

func TestARequestOnTheConnectionOfAnotherNamesTheOther(t *testing.T) {
	a := overHop("r-1", 80)
	s := requested(t, a)
	s.logs(serverPod, left, arrives, request("r-0")+downstreamMTLS+`,"connection_id":3`)
	s.logs(serverPod, left, arrives, request("r-1")+downstreamMTLS+`,"connection_id":3`)
	if s.joinAll(t, wires(tuple(left, arrives))); a.Check.Reused != "r-0" {
		t.Errorf("shared with %q", a.Check.Reused)
	}
}

func TestARequestThatItsClientsProxyNeverLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := overHop("r-1", 80)
		s := sceneOf(t, a)
		s.batch.sent[0].replied(call.Result{ID: "r-1", Error: "EOF"})
		s.clients(t.Context(), s.batch)
		if seen := a.Check.Observers.Client; !a.Unlogged || !strings.Contains(seen.Missing, "no such line") || seen.Says != "" {
			t.Errorf("unlogged %t, %+v", a.Unlogged, seen)
		}
	})
}

func TestWhatIsNotThereIsAbsentOnlyBehindTheWatermark(t *testing.T) {
	lost := join.Watermark{Missing: errors.New("no sentinel")}
	for name, test := range map[string]struct {
		mark join.Watermark
		says hop.Outcome
		why  string
	}{"behind it": {join.Watermark{}, hop.Absent, ""}, "without it": {lost, "", "no sentinel"}} {
		a := overHop("r-1", 80)
		s := sceneOf(t, a)
		a.Check.Observers.Client = &hop.Observation{Source: hop.Client, Conn: tuple(left, arrives)}
		s.batch.servers[serverPod.Proxy].watermark = test.mark
		s.servers(t.Context(), s.batch)
		for _, seen := range []*hop.Observation{a.Check.Observers.Server, a.Check.Observers.Application} {
			if seen.Says != test.says || !strings.Contains(seen.Missing, test.why) || (seen.Missing == "") != (test.why == "") {
				t.Errorf("%s: %+v", name, seen)
			}
		}
	}
}

func TestAnApplicationThatCouldNotBeAskedIsMissing(t *testing.T) {
	a := overHop("r-1", 80)
	s := requested(t, a)
	s.batch.servers[serverPod.Proxy].received, s.batch.servers[serverPod.Proxy].unasked = nil, errors.New("no answer")
	if s.joinAll(t, wires(tuple(left, arrives))); a.Check.Observers.Application.Missing != "no answer" {
		t.Errorf("%+v", a.Check.Observers.Application)
	}
}

func TestTheProxyBehindAGatewayNamesTheCause(t *testing.T) {
	for name, test := range map[string]struct {
		want    hop.Outcome
		sni     string
		refusal hop.Refusal
	}{
		"refused":       {hop.Refused, "outbound_.80_._.product.n.svc.cluster.local", hop.NoFilterChain},
		"served":        {hop.MTLS, "outbound_.80_._.product.n.svc.cluster.local", ""},
		"no proxy":      {hop.Refused, "outbound_.80_._.legacy.n.svc.cluster.local", ""},
		"to no service": {hop.Refused, "example.com", ""},
	} {
		h := hop.Hop{From: "client", To: hop.ServicePort{Service: "gateway", Port: 15443}}
		asked := &fixture.Probe{SNI: test.sni}
		a := &join.Attempt{
			Hop: h, ID: "p-1", Want: fixture.Expect{Probe: asked},
			Check: verdict.Check{Hop: h, ID: "p-1", ClientKind: hop.Prober, Proxied: true, Relays: true, Want: test.want, Probe: asked},
		}
		s := sceneOf(t, a)
		result := probe.Result{ID: "p-1", Local: netip.MustParseAddrPort(app), Remote: netip.MustParseAddrPort("10.0.0.9:15443"), End: probe.Closed}
		probed := traffic.Probed(traffic.ProbeAttempt{ID: "p-1", Hop: h, Probe: *asked}, clientPod.Proxy, result)
		a.ClientEnd = &probed
		s.logs(gatewayPod, app, "10.0.0.9:15443", `,"bytes_sent":7,"upstream_local_address":"10.0.0.9:5"`)
		for _, behind := range []mesh.Place{serverPod, legacyPod} {
			s.logs(behind, "10.0.0.9:5", arrives, `,"response_code_details":"filter_chain_not_found"`)
		}
		s.joinAll(t, wires(tuple(app, "10.0.0.9:15443")))
		if got := a.Check.Observers.Server; got == nil || got.Refusal != test.refusal {
			t.Errorf("%s: %+v", name, got)
		}
		if got := a.Check.Observers.Probe; got == nil || got.Conn.Source.String() != app {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAnAgentThatDoesNotAnswerIsOfItsOwnAttempts(t *testing.T) {
	silent, other := overHop("silent", 80), overHop("other", 80)
	s := sceneOf(t, silent, other)
	why := errors.New("send from client: time-out")
	if err := s.batch.unsent(t.Context(), traffic.Unsent{"silent": why}); err != nil || !errors.Is(silent.Unsent, why) || other.Unsent != nil {
		t.Errorf("%v: %v, %v", err, silent.Unsent, other.Unsent)
	}
	if err := s.batch.unsent(t.Context(), why); !errors.Is(err, why) {
		t.Errorf("another error: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.batch.unsent(over, traffic.Unsent{"other": why}); err == nil || other.Unsent != nil {
		t.Errorf("of a context that has ended: %v, %v", err, other.Unsent)
	}
	if err := s.batch.unsent(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// fakeServer takes sentinels and logs them.
type fakeServer struct {
	notSent, notLogged error
	unmatched          bool

	sent, logged string // ids
	port         uint16
	after        observe.Mark
}

type fakeLog struct{ of *fakeServer }

func (f *fakeServer) Sentinel(_ context.Context, id string, _ mesh.Place) (uint16, error) {
	f.sent = id
	return 15021, f.notSent
}

func (l fakeLog) Sentinel(_ context.Context, _ mesh.Proxy, after observe.Mark, id string, port uint16) (bool, error) {
	l.of.logged, l.of.port, l.of.after = id, port, after
	return l.of.unmatched, l.of.notLogged
}

func TestAWatermarkIsASentinelInTheLogOfTheServersProxy(t *testing.T) {
	lost := errors.New("lost")
	for name, test := range map[string]struct {
		server fakeServer
		want   join.Watermark
	}{
		"logged":                  {fakeServer{}, join.Watermark{}},
		"logged without a chain":  {fakeServer{unmatched: true}, join.Watermark{Unmatched: true}},
		"not sent":                {fakeServer{notSent: lost}, join.Watermark{Missing: lost}},
		"not logged, and matched": {fakeServer{notLogged: lost}, join.Watermark{Missing: lost}},
	} {
		f := &test.server
		if got := watermark(t.Context(), f, fakeLog{f}, "a", serverPod, 7); got != test.want {
			t.Errorf("%s: %+v", name, got)
		}
		if !strings.HasPrefix(f.sent, "a-") || f.notSent == nil && (f.logged != f.sent || f.port != 15021 || f.after != 7) {
			t.Errorf("%s: sent %q, looked for %q on port %d after %d", name, f.sent, f.logged, f.port, f.after)
		}
	}
	first := &fakeServer{}
	watermark(t.Context(), first, fakeLog{first}, "a", serverPod, 0)
	second := &fakeServer{}
	if watermark(t.Context(), second, fakeLog{second}, "a", serverPod, 0); first.sent == second.sent {
		t.Errorf("two sentinels have the id %q", first.sent)
	}
	naked := &fakeServer{notSent: lost}
	if got := watermark(t.Context(), naked, fakeLog{naked}, "a", legacyPod, 0); got != (join.Watermark{}) || naked.sent != "" {
		t.Errorf("a server without a proxy: %+v, sent %q", got, naked.sent)
	}
}
