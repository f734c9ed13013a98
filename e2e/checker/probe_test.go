package checker

import (
	"testing"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
)

func TestInTheClear(t *testing.T) {
	for name, row := range map[string]struct {
		result call.Result
		want   hop.Outcome
	}{
		"an answer":            {call.Result{Status: 404, Error: "404 Not Found"}, hop.Plaintext},
		"an answer of no HTTP": {call.Result{Error: `malformed HTTP response "hello"`}, hop.Plaintext},
		"closed":               {call.Result{Error: "EOF"}, hop.Refused},
		"reset":                {call.Result{Error: "read: connection reset by peer"}, hop.Refused},
		"nothing in time":      {call.Result{Error: "context deadline exceeded"}, ""},
		"nobody listens":       {call.Result{Error: "connect: connection refused"}, ""},
	} {
		if got := inTheClear(row.result); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestMutually(t *testing.T) {
	done := probe.Result{Handshake: true, Asked: true}
	with := func(end probe.End) probe.Result {
		result := done
		result.End = end
		return result
	}
	for name, row := range map[string]struct {
		result probe.Result
		want   hop.Outcome
	}{
		"answered":                    {done, hop.MTLS},
		"an answer of no HTTP inside": {with(probe.GaveUp), hop.MTLS},
		"closed inside":               {with(probe.Closed), hop.MTLS},
		"refused after the handshake": {with(probe.Alerts), hop.Refused},
		"not asked for a certificate": {probe.Result{Handshake: true}, hop.Refused},
		"answered in the clear":       {probe.Result{End: probe.Clear}, hop.Refused},
		"no connection":               {probe.Result{End: probe.NotConnected}, ""},
		"no certificate":              {probe.Result{End: probe.NotSent}, ""},
		"nothing in time":             {probe.Result{End: probe.Silent}, ""},
	} {
		if got := mutually(row.result); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
