package runner

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
	"mtls.test/conformance/fixtures/agent/seen"
)

const (
	left    = "10.0.0.5:1000" // where the client's proxy connects from
	app     = "10.0.0.5:40000"
	service = "10.96.0.1:80"
	arrives = "10.0.0.7:8080"
)

// requested is a round of one request whose id both proxies and the application have.
func requested() *round {
	r := roundOf(overHop("r-1", 80))
	r.results["r-1"] = replied("r-1", app, service)
	r.logs(clientPod, app, service, request("r-1")+upstream(left, arrives))
	r.logs(serverPod, left, arrives, request("r-1")+downstreamMTLS)
	r.received[serverPod.Proxy] = map[string][]seen.Record{"r-1": {{ID: "r-1"}}}
	return r
}

func TestARequestIsJoinedByItsID(t *testing.T) {
	r := requested()
	other := tuple("10.0.0.5:1001", arrives)
	r.joinAll(t, wires(other, tuple(left, arrives)))
	o := r.checks[0].Observers
	if o.Client.Says != hop.MTLS || o.Server.Says != hop.MTLS || o.Wire.Says != hop.Encrypted || o.Application.Says != hop.Plaintext {
		t.Errorf("client %+v, server %+v, wire %+v, application %+v", o.Client, o.Server, o.Wire, o.Application)
	}
	if o.Wire.Conn != tuple(left, arrives) || o.Wire.ID != "r-1" || string(r.evidence.Packets["r-1"]) != left {
		t.Errorf("the wire's is %+v, its packets %q", o.Wire, r.evidence.Packets)
	}
	if r.checks[0].Rewritten || r.checks[0].Reused != "" || r.unseen["r-1"] || len(r.evidence.Lines) != 2 {
		t.Errorf("%+v, unseen %v, lines %q", r.checks[0], r.unseen, r.evidence.Lines)
	}
}

func TestAWholeRoundIsJoined(t *testing.T) {
	r := requested()
	if err := r.join(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := r.checks[0].Observers
	if o.Client == nil || o.Server == nil || o.Application == nil || o.Wire == nil || !strings.Contains(o.Wire.Missing, "no tap watches") || o.Wire.Conn != tuple(left, arrives) {
		t.Errorf("%+v", o)
	}
	r = requested()
	r.Taps = nil
	if err := r.join(t.Context()); err != nil || r.checks[0].Observers.Wire != nil || r.checks[0].Observers.Server.Says != hop.MTLS {
		t.Errorf("without taps: %v, %+v", err, r.checks[0].Observers)
	}
}

func TestTheTapsAreAskedForEachConnectionOnce(t *testing.T) {
	r := roundOf(overHop("1", 80), overHop("2", 80), overHop("3", 90))
	held := overHop("4", 80)
	held.On = "held"
	r.checks = append(r.checks, held)
	r.connections["held"] = connection{conn: tuple(left, arrives)}
	wanted := r.tapQueries()
	if len(wanted) != 3 || wanted[0].Destination.Port() != 8080 || wanted[0].Since != r.began || wanted[0].Source.IsValid() || wanted[1].Destination.Port() != 9000 {
		t.Fatalf("%+v", wanted)
	}
	if kept := wanted[2]; kept.Source.String() != left || kept.Destination.String() != arrives || !kept.Since.IsZero() {
		t.Errorf("of the kept connection: %+v", kept)
	}
}

func TestATCPConnectionIsJoinedByItsTwoAddresses(t *testing.T) {
	const arrives, of = "10.0.0.7:9000", "10.96.0.1:90"
	r := roundOf(overHop("t-1", 90))
	r.results["t-1"] = replied("t-1", app, of)
	r.logs(clientPod, app, "10.96.0.1:91", upstream("10.0.0.5:1", arrives))
	r.logs(clientPod, app, of, upstream(left, arrives))
	r.logs(clientPod, "10.0.0.5:40001", of, upstream("10.0.0.5:2", arrives))
	r.logs(serverPod, "10.0.0.5:1", arrives, downstreamMTLS)
	r.logs(serverPod, left, arrives, downstreamMTLS)
	r.logs(serverPod, "10.0.0.5:2", arrives, downstreamMTLS)
	r.joinAll(t, wires(tuple("10.0.0.5:1", arrives), tuple(left, arrives)))
	o := r.checks[0].Observers
	if o.Client.Conn != tuple(left, arrives) || o.Server.Conn != tuple(left, arrives) || o.Wire.Conn != tuple(left, arrives) || o.Server.Says != hop.MTLS {
		t.Errorf("client %+v, server %+v, wire %+v", o.Client, o.Server, o.Wire)
	}
}

func TestAConnectionWithoutANameIsTheOnlyOneLeft(t *testing.T) {
	const arrives = "10.0.0.7:9000"
	failed := `,"upstream_host":"10.0.0.7:9000","response_flags":"UF","upstream_transport_failure_reason":"TLS_error"`
	taken := "10.0.0.5:999"
	for name, test := range map[string]struct {
		shown []hop.FiveTuple
		want  string // source of the connection that is its own
		none  string
	}{
		"one beside another's":     {[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives)}, left, ""},
		"two":                      {[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives), tuple("10.0.0.5:7", arrives)}, "", "of 2 connections"},
		"none":                     {[]hop.FiveTuple{tuple(taken, arrives)}, "", "of 0 connections"},
		"one beside another pod's": {[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives), tuple("10.0.0.6:7", arrives)}, left, ""},
		"one beside another port's": {
			[]hop.FiveTuple{tuple(taken, arrives), tuple(left, arrives), tuple("10.0.0.5:7", "10.0.0.7:8080")}, left, "",
		},
		"that none came": {[]hop.FiveTuple{tuple(taken, arrives), tuple("", arrives)}, "", ""},
	} {
		r := roundOf(overHop("t-1", 90), overHop("t-2", 90))
		r.results["t-1"] = call.Result{ID: "t-1", Local: netip.MustParseAddrPort(app), Remote: netip.MustParseAddrPort("10.96.0.1:90"), Error: "EOF"}
		r.results["t-2"] = replied("t-2", "10.0.0.5:40002", "10.96.0.1:90")
		r.logs(clientPod, app, "10.96.0.1:90", failed)
		r.logs(clientPod, "10.0.0.5:40002", "10.96.0.1:90", upstream(taken, arrives))
		r.logs(serverPod, left, arrives, `,"log":"listener","downstream_transport_failure_reason":"TLS_error"`)
		r.joinAll(t, wires(test.shown...))
		o := r.checks[0].Observers
		if r.checks[1].Observers.Wire.Conn.Source.String() != taken {
			t.Errorf("%s: the other's is %+v", name, r.checks[1].Observers.Wire)
		}
		if test.none != "" {
			if !strings.Contains(o.Wire.Missing, test.none) {
				t.Errorf("%s: %+v", name, o.Wire)
			}
			continue
		}
		if got := o.Wire.Conn; o.Wire.Missing != "" || got.Source.IsValid() != (test.want != "") || test.want != "" && got.Source.String() != test.want {
			t.Errorf("%s: %+v", name, o.Wire)
		}
		if test.want != "" && (o.Server.Says != hop.Refused || o.Server.Conn.Source.String() != test.want) {
			t.Errorf("%s: the server's line is found by the wire's address: %+v", name, o.Server)
		}
	}
}

func TestAConnectionWhosePortWasRewrittenIsToldSo(t *testing.T) {
	const rewritten = "10.0.0.5:60033"
	for from, want := range map[string]bool{rewritten: true, left: false} {
		r := roundOf(overHop("r-1", 80))
		r.results["r-1"] = replied("r-1", app, service)
		r.logs(clientPod, app, service, request("r-1")+upstream(left, arrives))
		r.logs(serverPod, left, "10.0.0.7:50051", request("r-0")+downstreamMTLS+`,"connection_id":3`)
		r.logs(serverPod, from, arrives, request("r-1")+downstreamMTLS+`,"connection_id":4`)
		r.joinAll(t, wires(tuple(left, arrives)))
		if r.checks[0].Rewritten != want || r.checks[0].Observers.Server.Says != hop.MTLS {
			t.Errorf("from %s: rewritten is %t, %+v", from, r.checks[0].Rewritten, r.checks[0].Observers.Server)
		}
	}
	r := requested()
	r.logs(serverPod, "10.0.0.5:60034", arrives, request("r-1")+downstreamMTLS)
	if r.joinAll(t, wires(tuple(left, arrives))); r.checks[0].Rewritten {
		t.Error("a line from another port is a rewritten one without a reason for netfilter to rewrite")
	}
}

func TestARequestOnAConnectionOfAnotherIsToldSoUnlessItWasKept(t *testing.T) {
	for _, on := range []string{"", "held"} {
		r := requested()
		r.logs(serverPod, left, arrives, request("r-0")+downstreamMTLS+`,"connection_id":3`)
		r.logs(serverPod, left, arrives, request("r-1")+downstreamMTLS+`,"connection_id":3`)
		if on != "" {
			kept(r, left)
		}
		r.joinAll(t, wires(tuple(left, arrives)))
		if reused := r.checks[0].Reused; (reused == "r-0") != (on == "") {
			t.Errorf("on %q: shared with %q", on, reused)
		}
	}
}

func TestWhatTheApplicationKnowsIsAddedToItsProxys(t *testing.T) {
	unanswered := call.Result{ID: "1", Error: "EOF"}
	for name, test := range map[string]struct {
		seen   hop.Observation
		result call.Result
		says   hop.Outcome
		error  string
	}{
		"refused":               {hop.Observation{Says: hop.Refused}, unanswered, hop.Refused, ""},
		"missing":               {hop.Observation{Missing: "gap"}, unanswered, "", ""},
		"served, no answer":     {hop.Observation{Says: hop.MTLS}, unanswered, hop.Refused, "EOF"},
		"unread":                {hop.Observation{Says: hop.Raw}, replied("1", app, service), hop.Plaintext, ""},
		"unread, no answer":     {hop.Observation{Says: hop.Raw}, unanswered, hop.Refused, "EOF"},
		"mTLS":                  {hop.Observation{Says: hop.MTLS}, replied("1", app, service), hop.MTLS, ""},
		"unread, no error told": {hop.Observation{Says: hop.Raw}, call.Result{ID: "1"}, hop.Refused, ""},
	} {
		if got := answered(&test.seen, test.result); got.Says != test.says || got.Symptom.Error != test.error {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBytesPassedOnUnreadAreOfTheirConnection(t *testing.T) {
	const arrives, of = "10.0.0.7:9000", "10.96.0.1:90"
	r := roundOf(overHop("t-1", 90))
	r.results["t-1"] = replied("t-1", app, of)
	r.logs(clientPod, app, of, `,"bytes_sent":7,"upstream_local_address":"10.0.0.5:1000","upstream_remote_address":"10.0.0.7:9000"`)
	r.logs(serverPod, left, arrives, `,"bytes_sent":7`)
	r.joinAll(t, wires(tuple(left, arrives)))
	if o := r.checks[0].Observers; o.Client.Says != hop.Plaintext || o.Server.Says != hop.Raw || o.Wire.Conn != tuple(left, arrives) {
		t.Errorf("client %+v, server %+v, wire %+v", o.Client, o.Server, o.Wire)
	}
}

func TestARequestOnAKeptConnectionThatLeftElsewhereShowsTheKeptOneClosed(t *testing.T) {
	for source, elsewhere := range map[string]bool{left: false, "10.0.0.5:3": true} {
		r := requested()
		kept(r, source)
		r.joinAll(t, wires(tuple(source, arrives)))
		o := r.checks[0].Observers
		if gone(r.checks[0]) != elsewhere || o.Client.Conn != tuple(source, arrives) || o.Wire.Conn != tuple(source, arrives) {
			t.Errorf("kept from %s: client %+v, wire %+v", source, o.Client, o.Wire)
		}
		if elsewhere && (o.Client.Says != hop.Refused || !strings.Contains(o.Client.Symptom.Error, "left from "+left+" instead: mtls") || o.Server != nil || o.Application != nil) {
			t.Errorf("elsewhere: %+v", o)
		}
		if !elsewhere && (o.Server == nil || o.Application == nil || o.Client.Says != hop.MTLS) {
			t.Errorf("on it: %+v", o)
		}
	}
	r := requested()
	kept(r, "10.0.0.5:3")
	r.checks[0].Observers.Client = &hop.Observation{Missing: "gap"}
	if seen := r.elsewhere(r.checks[0]); seen.Missing != "gap" || seen.Refusal != "" {
		t.Errorf("a line that is missing shows no closing: %+v", seen)
	}
	if gone(verdict.Check{On: "held"}) || gone(verdict.Check{Observers: verdict.Observers{Client: &hop.Observation{Refusal: hop.Closed}}}) {
		t.Error("a check without an observation, or without a kept connection, is gone")
	}
}

func TestAStreamGoesOnUntilItsEnd(t *testing.T) {
	at, end := time.Unix(10, 0), time.Unix(20, 0)
	for name, ended := range map[string]bool{"goes on": false, "has ended": true} {
		r := requested()
		kept(r, left)
		r.checks[0].Streams = true
		told := call.Kept{LastAt: at}
		if ended {
			told.Ended, told.Error = end, "reset"
		}
		r.kept["r-1"] = told
		r.joinAll(t, wires(tuple(left, arrives)))
		seen := r.checks[0].Observers.Client
		want := hop.Observation{Source: hop.Client, By: "n/client", ID: "r-1", At: at, Conn: tuple(left, arrives), Says: hop.Served}
		if ended {
			want.At, want.Says, want.Refusal, want.Symptom.Error = end, hop.Refused, hop.Closed, "reset"
		}
		if *seen != want || r.checks[0].Observers.Server != nil || r.checks[0].Observers.Application != nil {
			t.Errorf("%s: %+v", name, seen)
		}
	}
}

func TestTheWireNamesTheRefusalsThatItAloneShows(t *testing.T) {
	opened := time.Unix(1, 0)
	for name, test := range map[string]struct {
		port    uint16
		kept    bool
		packets *hop.Packets
		want    hop.Refusal
	}{
		"kept, closed":                   {80, true, &hop.Packets{Opened: opened, Closed: true}, hop.Closed},
		"kept, open":                     {80, true, &hop.Packets{Opened: opened}, ""},
		"kept, nothing seen":             {80, true, nil, ""},
		"closed":                         {80, false, &hop.Packets{Opened: opened, Closed: true}, ""},
		"both wait":                      {70, false, &hop.Packets{Opened: opened}, hop.ServerFirst},
		"both wait, but the protocol":    {90, false, &hop.Packets{Opened: opened}, ""},
		"the client spoke":               {70, false, &hop.Packets{Opened: opened, ClientBytes: 1}, ""},
		"the server spoke":               {70, false, &hop.Packets{Opened: opened, ServerBytes: 1}, ""},
		"it never stood":                 {70, false, &hop.Packets{}, ""},
		"nothing seen of one that waits": {70, false, nil, ""},
	} {
		r := roundOf(overHop("1", test.port))
		if test.kept {
			kept(r, left)
		}
		r.show(&r.checks[0], observe.Wire{Observation: hop.Observation{Source: hop.Wire, Packets: test.packets}})
		if got := r.checks[0].Observers.Wire; got.Refusal != test.want || got.ID != "1" {
			t.Errorf("%s: %+v", name, got)
		}
		if _, kept := r.evidence.Packets["1"]; kept {
			t.Errorf("%s: packets are kept where there are none", name)
		}
	}
}

func TestAConnectionThatIsNamedAndNotFoundIsAskedForByItsName(t *testing.T) {
	r := roundOf(overHop("never", 80), overHop("found", 80), overHop("nameless", 80), overHop("kept", 80))
	for i, source := range []string{left, "10.0.0.5:2", "", "10.0.0.5:4"} {
		r.checks[i].Observers.Client = &hop.Observation{Conn: tuple(source, arrives)}
		r.checks[i].Observers.Wire = &hop.Observation{Missing: "not found"}
	}
	r.checks[1].Observers.Wire = &hop.Observation{Says: hop.Encrypted}
	r.checks[3].On, r.connections["held"] = "held", connection{conn: tuple("10.0.0.5:4", arrives)}
	since := time.Unix(5, 0)
	if wanted := r.notFound(since); len(wanted) != 1 || wanted[0].Source.String() != left || wanted[0].Destination.String() != arrives || wanted[0].Since != since {
		t.Fatalf("asked for: %+v", wanted)
	}
	absent := func(source string) observe.Wire {
		return observe.Wire{Observation: hop.Observation{Source: hop.Wire, Conn: tuple(source, arrives), Says: hop.Absent}}
	}
	r.showNamed(map[hop.FiveTuple]observe.Wire{tuple(left, arrives): absent(left), tuple("10.0.0.5:2", arrives): absent("10.0.0.5:2")})
	for i, want := range []hop.Outcome{hop.Absent, hop.Encrypted, "", ""} {
		if got := r.checks[i].Observers.Wire; got.Says != want || (got.Missing == "") != (want != "") {
			t.Errorf("%s: %+v", r.checks[i].ID, got)
		}
	}
}

func TestARequestThatItsClientsProxyNeverLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := roundOf(overHop("r-1", 80))
		r.results["r-1"] = call.Result{ID: "r-1", Error: "EOF"}
		r.client(t.Context(), &r.checks[0])
		if seen := r.checks[0].Observers.Client; !r.unseen["r-1"] || !strings.Contains(seen.Missing, "no such line") || seen.Says != "" {
			t.Errorf("unseen %v, %+v", r.unseen, seen)
		}
	})
	r := roundOf(overHop("r-1", 80))
	r.checks[0].Without = []hop.Source{hop.Client}
	if r.client(t.Context(), &r.checks[0]); r.checks[0].Observers.Client != nil {
		t.Errorf("a client that is left out says %+v", r.checks[0].Observers.Client)
	}
}

func TestAServersLineThatIsNotThere(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*round)
		says   hop.Outcome
		why    string
		none   bool
	}{
		"behind the watermark": {func(*round) {}, hop.Absent, "", false},
		"without a watermark": {func(r *round) {
			r.watermarks[serverPod.Proxy] = watermark{missing: errors.New("no sentinel")}
		}, "", "no sentinel", false},
		"without taps":                  {func(r *round) { r.Taps = nil }, "", "nobody names", false},
		"without taps, named by itself": {func(r *round) { r.Taps = nil; r.checks[0].Observers.Client.Conn = tuple(left, arrives) }, hop.Absent, "", false},
		"the listener's alone, and an answer": {func(r *round) {
			r.checks[0].Observers.Client.Conn, r.results["r-1"] = tuple(left, arrives), replied("r-1", app, service)
			r.logs(serverPod, left, arrives, `,"log":"listener"`)
		}, "", "nothing of what was served", false},
		"the listener's alone": {func(r *round) {
			r.checks[0].Observers.Client.Conn = tuple(left, arrives)
			r.logs(serverPod, left, arrives, `,"log":"listener"`)
		}, hop.Cut, "", false},
		"no proxy":              {func(r *round) { r.servers["r-1"] = legacyPod }, "", "", true},
		"a stream":              {func(r *round) { r.checks[0].Streams = true }, "", "", true},
		"a kept one was closed": {func(r *round) { kept(r, left); r.checks[0].Observers.Client.Refusal = hop.Closed }, "", "", true},
	} {
		r := roundOf(overHop("r-1", 80))
		r.checks[0].Observers.Client = &hop.Observation{Source: hop.Client}
		test.change(r)
		r.server(t.Context(), &r.checks[0])
		seen := r.checks[0].Observers.Server
		if (seen == nil) != test.none {
			t.Errorf("%s: %+v", name, seen)
		} else if seen != nil && (seen.Says != test.says || !strings.Contains(seen.Missing, test.why) || (seen.Missing == "") != (test.why == "")) {
			t.Errorf("%s: %+v", name, seen)
		}
	}
}

func TestWhoHasAnAnswer(t *testing.T) {
	r := roundOf()
	r.results["answered"], r.results["refused"] = replied("answered", app, service), call.Result{Error: "EOF"}
	for id, want := range map[string]bool{"answered": true, "refused": false, "unsent": false} {
		if got := r.served(verdict.Check{ID: id, ClientKind: hop.Sidecar}); got != want {
			t.Errorf("%s: %t", id, got)
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
		if got := r.served(verdict.Check{ID: "answered", ClientKind: hop.Prober, Observers: verdict.Observers{Probe: test.seen}}); got != test.want {
			t.Errorf("a probe, %s: %t", name, got)
		}
	}
}

func TestBytesThatAreNoHTTPAreNamedByTheWire(t *testing.T) {
	dpe := hop.Symptom{Flags: "DPE"}
	tls, plain := &hop.Observation{TLS: &hop.TLSFacts{}}, &hop.Observation{Says: hop.Plaintext}
	for name, test := range map[string]struct {
		seen hop.Observation
		wire *hop.Observation
		want hop.Refusal
	}{
		"TLS":            {hop.Observation{Says: hop.Refused, Symptom: dpe}, tls, hop.NotTLS},
		"in the clear":   {hop.Observation{Says: hop.Refused, Symptom: dpe}, plain, hop.NotHTTP},
		"neither":        {hop.Observation{Says: hop.Refused, Symptom: dpe}, &hop.Observation{}, ""},
		"no wire":        {hop.Observation{Says: hop.Refused, Symptom: dpe}, nil, ""},
		"not refused":    {hop.Observation{Says: hop.Plaintext, Symptom: dpe}, tls, ""},
		"other flags":    {hop.Observation{Says: hop.Refused, Symptom: hop.Symptom{Flags: "NR"}}, tls, ""},
		"a cause before": {hop.Observation{Says: hop.Refused, Refusal: hop.Unauthorized, Symptom: dpe}, tls, hop.Unauthorized},
	} {
		if got := noHTTP(&test.seen, test.wire); got.Refusal != test.want {
			t.Errorf("%s: %q", name, got.Refusal)
		}
	}
}

func TestAnApplicationIsAbsentOnlyBehindTheWatermark(t *testing.T) {
	lost := watermark{missing: errors.New("no sentinel")}
	for name, test := range map[string]struct {
		records []seen.Record
		mark    watermark
		unasked error
		relays  bool
		says    hop.Outcome
		why     string
	}{
		"behind it":                {nil, watermark{}, nil, false, hop.Absent, ""},
		"without it":               {nil, lost, nil, false, "", "no sentinel"},
		"received, and without it": {[]seen.Record{{ID: "r-1"}}, lost, nil, false, hop.Plaintext, ""},
		"not asked":                {nil, watermark{}, errors.New("no answer"), false, "", "no answer"},
		"a gateway":                {nil, watermark{}, nil, true, "", ""},
	} {
		r := roundOf(overHop("r-1", 80))
		r.checks[0].Relays = test.relays
		r.watermarks[serverPod.Proxy], r.unasked[serverPod.Proxy] = test.mark, test.unasked
		r.received[serverPod.Proxy] = map[string][]seen.Record{"r-1": test.records}
		r.application(&r.checks[0])
		got := r.checks[0].Observers.Application
		if (got == nil) != test.relays || got != nil && (got.Says != test.says || got.Missing != test.why) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWhereTheApplicationIsSpokenToByHTTP(t *testing.T) {
	r := roundOf()
	for name, test := range map[string]struct {
		check verdict.Check
		want  bool
	}{
		"HTTP":                   {verdict.Check{Protocol: hop.HTTP}, true},
		"TCP":                    {verdict.Check{Protocol: hop.TCP}, false},
		"detected, as TCP":       {verdict.Check{Protocol: hop.Auto, As: "tcp"}, false},
		"a chain of HTTP":        {verdict.Check{Protocol: hop.HTTP, Config: verdict.Config{Server: &envoy.ServerFacts{}, Prediction: envoy.Prediction{HTTP: true}}}, true},
		"a chain of none":        {verdict.Check{Protocol: hop.HTTP, Config: verdict.Config{Server: &envoy.ServerFacts{}}}, false},
		"a server with no proxy": {verdict.Check{Protocol: hop.HTTP, Config: verdict.Config{Server: &envoy.ServerFacts{Naked: true}}}, true},
	} {
		if got := r.spoken(test.check); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
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
		check := verdict.Check{
			ID: "p-1", ClientKind: hop.Prober, Relays: true, Want: test.want, Probe: &fixture.Probe{SNI: test.sni},
			Hop: hop.Hop{From: "client", To: hop.ServicePort{Service: "gateway", Port: 15443}},
		}
		r := roundOf(check)
		r.probes["p-1"] = probe.Result{ID: "p-1", Local: netip.MustParseAddrPort(app), Remote: netip.MustParseAddrPort("10.0.0.9:15443"), End: probe.Closed}
		r.logs(gatewayPod, app, "10.0.0.9:15443", `,"bytes_sent":7,"upstream_local_address":"10.0.0.9:5"`)
		for _, behind := range []mesh.Place{serverPod, legacyPod} {
			r.logs(behind, "10.0.0.9:5", arrives, `,"response_code_details":"filter_chain_not_found"`)
		}
		r.joinAll(t, wires(tuple(app, "10.0.0.9:15443")))
		if got := r.checks[0].Observers.Server; got == nil || got.Refusal != test.refusal {
			t.Errorf("%s: %+v", name, got)
		}
		if probed := r.checks[0].Observers.Probe; probed == nil || probed.Conn.Source.String() != app {
			t.Errorf("%s: %+v", name, probed)
		}
	}
}
