package runner

import (
	"context"
	"net/netip"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/attempt"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

var (
	clientPod = netip.MustParseAddr("10.0.0.2")
	serverPod = netip.MustParseAddr("10.0.0.7")
	nakedPod  = netip.MustParseAddr("10.0.0.8")
	gatewayIn = netip.MustParseAddrPort("10.0.0.5:8080")
	noPod     = netip.MustParseAddr("10.0.0.1")
)

func between(from netip.Addr, fromPort uint16, to netip.Addr, toPort uint16) hop.FiveTuple {
	return hop.FiveTuple{Source: netip.AddrPortFrom(from, fromPort), Destination: netip.AddrPortFrom(to, toPort)}
}

// played are the requests of a run with a check over mTLS, one that seeks a destination in clear, background traffic, and a
// connection that was opened in clear.
func played() *requests {
	judged := &verdict.Case{Result: hop.Pass, Checks: []verdict.Check{{Result: hop.Pass}, {Result: hop.Pass}}}
	q := &requests{name: "run-1", verdict: judged, kept: map[string]join.Origin{}, flows: map[string][]netip.AddrPort{"run-1-case-0-flow-": {gatewayIn}}}
	q.add([]attempt.Origin{{ID: "run-1-case-1-0", Origin: join.Origin{Own: []hop.FiveTuple{between(clientPod, 50000, serverPod, 8080)}}, Pods: []netip.Addr{clientPod, serverPod}}})
	q.add([]attempt.Origin{{
		ID: "run-1-case-1-1-try-3", Tries: "run-1-case-1-1-try-", Pods: []netip.Addr{clientPod, nakedPod},
		Origin: join.Origin{Clear: []hop.FiveTuple{between(clientPod, 50001, nakedPod, 8080)}},
		Plain:  []join.Call{{From: clientPod, To: netip.AddrPortFrom(nakedPod, 8080)}},
	}})
	opened := connection{name: "run-1-case-2-0-open", client: mesh.Place{Address: clientPod}, conn: between(clientPod, 50002, serverPod, 8080), prediction: envoy.Prediction{Says: hop.Plaintext}}
	q.keep(opened, nil, nil)
	return q
}

func TestWhoseRequestWasSeenInClear(t *testing.T) {
	mirror := between(clientPod, 50003, nakedPod, 18080)
	for name, row := range map[string]struct {
		id      string
		on      hop.FiveTuple
		changed bool
		first   hop.Result // of the first check
		second  hop.Result
	}{
		"a copy of a check's request":                  {"run-1-case-1-0", mirror, true, hop.Mismatch, hop.Pass},
		"a check's own connection":                     {"run-1-case-1-0", between(clientPod, 50000, serverPod, 8080), true, hop.Mismatch, hop.Pass},
		"a request that came where it sought":          {"run-1-case-1-1-try-3", between(clientPod, 50001, nakedPod, 8080), false, hop.Pass, hop.Pass},
		"another that came there":                      {"run-1-case-1-1-try-1", between(clientPod, 50009, nakedPod, 8080), false, hop.Pass, hop.Pass},
		"a copy of another":                            {"run-1-case-1-1-try-1", mirror, true, hop.Pass, hop.Mismatch},
		"background traffic where the case expects it": {"run-1-case-0-flow-12-0", between(clientPod, 50009, nakedPod, 8080), false, hop.Pass, hop.Pass},
		"background traffic on its way in":             {"run-1-case-0-flow-12-0", hop.FiveTuple{Source: netip.AddrPortFrom(noPod, 60000), Destination: gatewayIn}, false, hop.Pass, hop.Pass},
		"background traffic from a pod to the gateway": {"run-1-case-0-flow-12-0", hop.FiveTuple{Source: netip.AddrPortFrom(serverPod, 60000), Destination: gatewayIn}, true, hop.Pass, hop.Pass},
		"a copy of background traffic":                 {"run-1-case-0-flow-12-0", mirror, true, hop.Pass, hop.Pass},
		"a kept connection that was opened in clear":   {"run-1-case-2-0-open", between(clientPod, 50002, serverPod, 8080), false, hop.Pass, hop.Pass},
		"a copy of what it carries":                    {"run-1-case-2-0-open", mirror, true, hop.Pass, hop.Pass},
		"a sentinel":                                   {"run-1-case-1-sentinel-X", mirror, false, hop.Pass, hop.Pass},
	} {
		q := played()
		changed := q.judge(row.id, []join.Sighting{{Request: row.id, Conn: row.on}}, func(string) []hop.FiveTuple { return nil }, func(address netip.Addr) string {
			if address == noPod {
				return address.String()
			}
			return "pod " + address.String()
		})
		want := hop.Pass
		if row.changed {
			want = hop.Mismatch
		}
		if checks := q.verdict.Checks; changed != row.changed || q.verdict.Result != want || checks[0].Result != row.first || checks[1].Result != row.second {
			t.Errorf("%s: changed %t, case %s, checks %s and %s", name, changed, q.verdict.Result, checks[0].Result, checks[1].Result)
		}
	}
}

func TestTheGatewaysOwnLogExplainsHowARequestCameIn(t *testing.T) {
	entered := between(noPod, 60000, gatewayIn.Addr(), gatewayIn.Port())
	q := played()
	if q.judge("run-1-case-1-0", []join.Sighting{{Conn: entered}}, func(string) []hop.FiveTuple { return []hop.FiveTuple{entered} }, netip.Addr.String) {
		t.Errorf("got %+v", q.verdict.Checks[0])
	}
}

func TestWhatPassedAPodUnseenConcernsTheChecksThatRestOnIt(t *testing.T) {
	for pod, want := range map[netip.Addr][2]hop.Result{
		serverPod: {hop.Inconclusive, hop.Pass},
		clientPod: {hop.Inconclusive, hop.Inconclusive},
		{}:        {hop.Inconclusive, hop.Inconclusive},
		noPod:     {hop.Pass, hop.Pass},
	} {
		q := played()
		q.unscanned(pod, "packets were lost")
		if got := [2]hop.Result{q.verdict.Checks[0].Result, q.verdict.Checks[1].Result}; got != want {
			t.Errorf("%s: %v, want %v", pod, got, want)
		}
	}
}

func TestACopyThatComesLateTurnsItsOwnCaseRedOnce(t *testing.T) {
	ended, under := played(), played()
	ended.ended, under.name = true, "run-2"
	r := &Runner{RunID: "run", seen: newSightings(), AddressNames: func(context.Context, mesh.Places) map[netip.Addr]string {
		return map[netip.Addr]string{nakedPod: "default/naked"}
	}}
	r.seen.runs["run-1"], r.seen.runs["run-2"] = ended, under
	if late := r.Late(t.Context()); len(late) > 0 {
		t.Errorf("before: %+v", late)
	}
	r.seen.unjudged["run-1-case-1-0"] = []join.Sighting{{Conn: between(clientPod, 50003, nakedPod, 18080)}}
	late := r.Late(t.Context())
	if len(late) != 1 || late[0].Result != hop.Mismatch || late[0].Checks[0].Copies[0].To != "default/naked" || under.verdict.Result != hop.Pass {
		t.Errorf("got %+v, and of the other run %s", late, under.verdict.Result)
	}
	if again := r.Late(t.Context()); len(again) > 0 {
		t.Errorf("again: %+v", again)
	}
}

func TestARequestIsFoundByTheRunThatSentIt(t *testing.T) {
	s := newSightings()
	s.runs["R-1"], s.runs["R-12"] = &requests{name: "R-1"}, &requests{name: "R-12"}
	for id, want := range map[string]*requests{"R-1-case-0-0": s.runs["R-1"], "R-12-case-0-0": s.runs["R-12"], "R-2-case-0-0": nil, "R-control": nil, "Q-1-case-0-0": nil} {
		if got := s.of("R", id); got != want {
			t.Errorf("%s: got %+v", id, got)
		}
	}
}
