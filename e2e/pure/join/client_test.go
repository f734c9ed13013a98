package join

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestEachKindOfClientTellsItsOwnEnd(t *testing.T) {
	for kind, says := range map[hop.ClientKind]hop.Outcome{hop.Sidecar: hop.Plaintext, hop.Gateway: hop.Plaintext, hop.Plain: hop.Raw, hop.Prober: hop.Raw} {
		a := request("1", left)
		a.Check.ClientKind, a.ClientEnd.Says = kind, hop.Raw
		a.JoinClient()
		seen, other := a.Check.Observers.Client, a.Check.Observers.Probe
		if kind == hop.Prober {
			seen, other = other, seen
		}
		if seen == nil || seen.Says != says || other != nil {
			t.Errorf("%s: %+v, %+v", kind, seen, other)
		}
	}
}

func TestAClientWhoseAgentDoesNotAnswerIsMissing(t *testing.T) {
	for _, kind := range []hop.ClientKind{hop.Sidecar, hop.Plain, hop.Prober} {
		a := request("silent", left)
		a.Check.ClientKind, a.Unsent = kind, errors.New("send from client: time-out")
		a.JoinClient()
		seen, other, source := a.Check.Observers.Client, a.Check.Observers.Probe, hop.Client
		if kind == hop.Prober {
			seen, other, source = other, seen, hop.Probe
		}
		want := hop.Observation{Source: source, By: "n/client", ID: "silent", Missing: "send from client: time-out"}
		if seen == nil || *seen != want || other != nil {
			t.Errorf("%s: %+v, %+v", kind, seen, other)
		}
	}
}

func TestAClientThatIsLeftOutSaysNothing(t *testing.T) {
	a := request("1", left)
	a.Check.Without = []hop.Source{hop.Wire, hop.Client}
	if a.JoinClient(); a.Check.Observers.Client != nil {
		t.Errorf("%+v", a.Check.Observers.Client)
	}
	a.Check.Without = []hop.Source{hop.Wire}
	if a.JoinClient(); a.Check.Observers.Client == nil {
		t.Error("nothing, and only the wire is left out")
	}
}

func TestWhatTheApplicationKnowsIsAddedToItsProxys(t *testing.T) {
	own := &hop.TLSFacts{Serial: "0a"}
	for name, test := range map[string]struct {
		seen  hop.Observation
		reply Reply
		says  hop.Outcome
		error string
		tls   *hop.TLSFacts
	}{
		"refused":               {hop.Observation{Says: hop.Refused}, Reply{Error: "EOF"}, hop.Refused, "", nil},
		"missing":               {hop.Observation{Missing: "gap"}, Reply{Error: "EOF"}, "", "", nil},
		"served, no answer":     {hop.Observation{Says: hop.MTLS}, Reply{Error: "EOF"}, hop.Refused, "EOF", nil},
		"unread":                {hop.Observation{Says: hop.Raw}, Reply{Answered: true}, hop.Plaintext, "", nil},
		"unread, no answer":     {hop.Observation{Says: hop.Raw}, Reply{Error: "EOF"}, hop.Refused, "EOF", nil},
		"unread, no error told": {hop.Observation{Says: hop.Raw}, Reply{}, hop.Refused, "", nil},
		"unread, own TLS":       {hop.Observation{Says: hop.Raw}, Reply{Answered: true, TLS: own}, hop.AppTLS, "", own},
		"own TLS":               {hop.Observation{Says: hop.AppTLS}, Reply{Answered: true, TLS: own}, hop.AppTLS, "", own},
		"mTLS":                  {hop.Observation{Says: hop.MTLS}, Reply{Answered: true}, hop.MTLS, "", nil},
		"own TLS inside mTLS":   {hop.Observation{Says: hop.MTLS}, Reply{Answered: true, TLS: own}, hop.MTLS, "", nil},
	} {
		if got := withReply(&test.seen, test.reply); got.Says != test.says || got.Symptom.Error != test.error || got.TLS != test.tls {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestARequestThatMovedShowsTheKeptConnectionClosed(t *testing.T) {
	for _, kind := range []hop.ClientKind{hop.Sidecar, hop.Plain} {
		for source, moved := range map[string]bool{left: false, "10.0.0.5:3": true} {
			a := onKept(request("1", left), source)
			a.Check.ClientKind = kind
			a.JoinClient()
			seen := a.Check.Observers.Client
			if a.Moved() != moved || seen.Conn != tuple(source, arrives) || (seen.Says == hop.Refused) != moved {
				t.Errorf("%s, kept from %s: %+v", kind, source, seen)
			}
			if moved && !strings.Contains(seen.Symptom.Error, "left from "+left+" instead: mtls") {
				t.Errorf("%s: %q", kind, seen.Symptom.Error)
			}
		}
	}
	among := onKept(request("1", left), "10.0.0.5:3")
	among.Kept.Pods = 2
	if among.JoinClient(); among.Moved() || among.Check.Observers.Client.Missing == "" || !strings.Contains(among.Check.Unreached, "another of 2 pods") {
		t.Errorf("one of two pods: %+v", among.Check.Observers.Client)
	}
	plain := onKept(request("1", left), "10.0.0.5:3")
	plain.Kept.Pods, plain.Check.ClientKind = 2, hop.Plain
	if plain.JoinClient(); !plain.Moved() {
		t.Errorf("a client's own connection stays at one of two pods: %+v", plain.Check.Observers.Client)
	}
	a := onKept(request("1", left), "10.0.0.5:3")
	a.ClientEnd = &hop.Observation{Missing: "gap"}
	if a.JoinClient(); a.Check.Observers.Client.Missing != "gap" || a.Moved() {
		t.Errorf("a line that is missing shows no end: %+v", a.Check.Observers.Client)
	}
	b := request("1", left)
	if b.JoinClient(); b.Check.Observers.Client.Says != hop.MTLS {
		t.Errorf("a new connection: %+v", b.Check.Observers.Client)
	}
}

func TestAStreamGoesOnUntilItsEnd(t *testing.T) {
	at, end := time.Unix(10, 0), time.Unix(20, 0)
	for name, ended := range map[string]bool{"goes on": false, "has ended": true} {
		a := onKept(request("r-1", left), left)
		a.Kept.Streams, a.Kept.LastAt = true, at
		want := hop.Observation{Source: hop.Client, By: "n/client", ID: "r-1", At: at, Conn: tuple(left, arrives), Says: hop.Served}
		if ended {
			a.Kept.Ended, a.Kept.Error = end, "reset"
			want.At, want.Says, want.Refusal, want.Symptom.Error = end, hop.Refused, hop.Closed, "reset"
		}
		if a.JoinClient(); *a.Check.Observers.Client != want {
			t.Errorf("%s: %+v", name, a.Check.Observers.Client)
		}
	}
}

func TestAnAttemptThatWentPastTheProxyIsAbsentThere(t *testing.T) {
	a := request("r-1", "")
	a.ClientEnd.Missing = "no such line"
	a.JoinClient()
	a.JoinPast()
	if want := (hop.Observation{Source: hop.Client, By: "n/client", ID: "r-1", Says: hop.Absent}); *a.Check.Observers.Client != want {
		t.Errorf("%+v", a.Check.Observers.Client)
	}
}
