package join

import (
	"errors"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// served is a server's line of a request that came from a source.
func served(source string) *hop.Observation {
	return &hop.Observation{Source: hop.Server, By: "n/product", ID: "1", Says: hop.MTLS, Conn: tuple(source, arrives)}
}

func TestAServersLineIsTheAttemptsOwn(t *testing.T) {
	const rewritten = "10.0.0.5:60033"
	for name, test := range map[string]struct {
		from      string
		rewrites  bool
		kept      bool
		rewritten bool
		reused    string
	}{
		"from where the client says":         {left, true, false, false, "r-0"},
		"from a port that netfilter changed": {rewritten, true, false, true, "r-0"},
		"from another port for no reason":    {rewritten, false, false, false, "r-0"},
		"on a kept connection":               {left, true, true, false, ""},
	} {
		a := request("1", left)
		if test.kept {
			onKept(a, left)
		}
		joined(wires(tuple(left, arrives)), a)
		a.JoinServer(ServerEnd{Seen: served(test.from), Rewrites: test.rewrites, Reused: "r-0"}, true)
		if got := a.Check; got.Observers.Server.Says != hop.MTLS || got.Rewritten != test.rewritten || got.Reused != test.reused {
			t.Errorf("%s: %+v, rewritten %t, reused %q", name, got.Observers.Server, got.Rewritten, got.Reused)
		}
	}
}

func TestAServersLineThatIsNotThere(t *testing.T) {
	absent := func() *hop.Observation {
		return &hop.Observation{Source: hop.Server, By: "n/product", ID: "1", Says: hop.Absent}
	}
	cut := func() *hop.Observation {
		return &hop.Observation{Source: hop.Server, By: "n/product", ID: "1", Says: hop.Cut, Conn: tuple(left, arrives)}
	}
	for name, test := range map[string]struct {
		source   string
		answered bool
		tapped   bool
		end      ServerEnd
		says     hop.Outcome
		why      string
	}{
		"behind the watermark":                {"", false, true, ServerEnd{Seen: absent()}, hop.Absent, ""},
		"without taps":                        {"", false, false, ServerEnd{Seen: absent()}, "", "nobody names"},
		"without taps, named by the client":   {left, false, false, ServerEnd{Seen: absent()}, hop.Absent, ""},
		"without taps, a line":                {"", false, false, ServerEnd{Seen: served(left)}, hop.MTLS, ""},
		"the listener's alone, and an answer": {left, true, true, ServerEnd{Seen: cut(), Listener: true}, "", "nothing of what was served"},
		"the listener's alone":                {left, false, true, ServerEnd{Seen: cut(), Listener: true}, hop.Cut, ""},
		"an answer":                           {left, true, true, ServerEnd{Seen: served(left)}, hop.MTLS, ""},
	} {
		a := request("1", test.source)
		a.Reply.Answered = test.answered
		a.JoinClient()
		a.JoinServer(test.end, test.tapped)
		got := a.Check.Observers.Server
		if got.Says != test.says || !strings.Contains(got.Missing, test.why) || (got.Missing == "") != (test.why == "") || got.ID != "1" || got.By != "n/product" {
			t.Errorf("%s: %+v", name, got)
		}
		if a.Check.Rewritten {
			t.Errorf("%s: rewritten", name)
		}
	}
}

func TestWhoIsAsked(t *testing.T) {
	for name, test := range map[string]struct {
		change      func(*Attempt)
		server, app bool
	}{
		"a request":             {func(*Attempt) {}, true, true},
		"no proxy":              {func(a *Attempt) { a.Server.Proxied = false }, false, true},
		"a gateway":             {func(a *Attempt) { a.Check.Relays = true }, true, false},
		"a stream":              {func(a *Attempt) { a.Check.Streams = true }, false, false},
		"a kept one was closed": {func(a *Attempt) { onKept(a, "10.0.0.5:3").JoinClient() }, false, false},
		"on a kept one":         {func(a *Attempt) { onKept(a, left).JoinClient() }, true, true},
	} {
		a := request("1", left)
		test.change(a)
		if a.AsksServer() != test.server || a.AsksApplication() != test.app {
			t.Errorf("%s: server %t, application %t", name, a.AsksServer(), a.AsksApplication())
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
		a := request("1", left)
		a.Check.Observers.Wire = test.wire
		if a.JoinServer(ServerEnd{Seen: &test.seen}, true); a.Check.Observers.Server.Refusal != test.want {
			t.Errorf("%s: %q", name, a.Check.Observers.Server.Refusal)
		}
	}
}

func TestTheProxyBehindAGatewayNamesTheCause(t *testing.T) {
	a := request("1", left)
	a.JoinServer(ServerEnd{Seen: served(left)}, true)
	if a.JoinBehind(hop.NoFilterChain); a.Check.Observers.Server.Refusal != hop.NoFilterChain {
		t.Errorf("%+v", a.Check.Observers.Server)
	}
}

func TestWhereTheApplicationIsReachedByHTTP(t *testing.T) {
	for name, test := range map[string]struct {
		check verdict.Check
		want  bool
	}{
		"HTTP":                   {verdict.Check{Protocol: hop.HTTP}, true},
		"TCP":                    {verdict.Check{Protocol: hop.TCP}, false},
		"a greeting":             {verdict.Check{Protocol: hop.Greet}, false},
		"own TLS":                {verdict.Check{Protocol: hop.TLS}, false},
		"detected, as TCP":       {verdict.Check{Protocol: hop.Auto, As: "tcp"}, false},
		"a chain of HTTP":        {verdict.Check{Protocol: hop.HTTP, Config: verdict.Config{Server: &envoy.ServerFacts{}, Prediction: envoy.Prediction{HTTP: true}}}, true},
		"a chain of none":        {verdict.Check{Protocol: hop.HTTP, Config: verdict.Config{Server: &envoy.ServerFacts{}}}, false},
		"a server with no proxy": {verdict.Check{Protocol: hop.HTTP, Config: verdict.Config{Server: &envoy.ServerFacts{NoProxy: true}}}, true},
	} {
		if got := (&Attempt{Check: test.check}).Headers(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestAbsenceIsClaimedOnlyBehindAWatermark(t *testing.T) {
	lost, silent := Watermark{Missing: errors.New("no sentinel")}, errors.New("no answer")
	for name, test := range map[string]struct {
		mark    Watermark
		records int
		unasked error
		why     string
	}{
		"behind it":                {Watermark{}, 0, nil, ""},
		"without it":               {lost, 0, nil, "no sentinel"},
		"received, and without it": {lost, 1, nil, ""},
		"not asked":                {Watermark{}, 0, silent, "no answer"},
		"neither":                  {lost, 0, silent, "no answer\nno sentinel"},
	} {
		if got := test.mark.Absent(test.records, test.unasked); (got == nil) != (test.why == "") || got != nil && got.Error() != test.why {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestALineThatASentinelOvertook(t *testing.T) {
	absent := &hop.Observation{Source: hop.Server, By: "n/product", ID: "1", Says: hop.Absent}
	open, closed := &hop.Packets{ClientBytes: 1}, &hop.Packets{ClientBytes: 1, Closed: true}
	for name, test := range map[string]struct {
		protocol hop.Protocol
		answered bool
		wire     *hop.Observation
		seen     *hop.Observation
		overdue  bool
		says     hop.Outcome
	}{
		"a connection that ended":             {hop.TCP, true, &hop.Observation{Says: hop.Encrypted, Packets: closed}, absent, true, hop.Absent},
		"one that goes on":                    {hop.TCP, true, &hop.Observation{Says: hop.Encrypted, Packets: open}, absent, true, ""},
		"a request whose connection goes on":  {hop.HTTP, true, &hop.Observation{Says: hop.Encrypted, Packets: open}, absent, true, hop.Absent},
		"a connection that nobody answered":   {hop.TCP, false, &hop.Observation{Says: hop.Refused, Packets: closed}, absent, true, hop.Absent},
		"an answer, and no tap":               {hop.TCP, true, nil, absent, true, hop.Absent},
		"nothing that came":                   {hop.TCP, false, &hop.Observation{Says: hop.Absent}, absent, false, hop.Absent},
		"nothing that came, and no tap":       {hop.TCP, false, nil, absent, false, hop.Absent},
		"a line of a connection that goes on": {hop.TCP, true, &hop.Observation{Says: hop.Encrypted, Packets: open}, served(left), false, hop.MTLS},
	} {
		a := request("1", left)
		a.Check.Protocol, a.Reply.Answered, a.Check.Observers.Wire = test.protocol, test.answered, test.wire
		a.JoinClient()
		if got := a.Overdue(test.seen); got != test.overdue {
			t.Errorf("%s: overdue is %t", name, got)
		}
		a.JoinServer(ServerEnd{Seen: test.seen}, test.wire != nil)
		if got := a.Check.Observers.Server; got.Says != test.says || (got.Missing == "") != (test.says != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAConnectionThatCarriedARequestOfTheSameCheckIsNoOlder(t *testing.T) {
	for earlier, reused := range map[string]bool{"c-2-1-0": false, "c-1-1-0": true, "c-2-10-0": true} {
		a := request("c-2-1-1", left)
		a.Spread = "c-2-1"
		joined(wires(tuple(left, arrives)), a)
		a.JoinServer(ServerEnd{Seen: served(left), Reused: earlier}, true)
		if got := a.Check.Reused != ""; got != reused {
			t.Errorf("%s: reused is %t", earlier, got)
		}
	}
}
