package inspect

import (
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
)

func TestInTheClear(t *testing.T) {
	for name, row := range map[string]struct {
		result call.Result
		http   bool
		want   hop.Outcome
	}{
		"an answer":                         {call.Result{Status: 404, Error: "404 Not Found"}, true, hop.Plaintext},
		"an answer of no HTTP":              {call.Result{Error: `malformed HTTP response "hello"`}, false, hop.Plaintext},
		"HTTP, closed":                      {call.Result{Error: "EOF"}, true, hop.Refused},
		"HTTP, reset":                       {call.Result{Error: "read: connection reset by peer"}, true, hop.Refused},
		"another protocol, closed":          {call.Result{Error: "EOF"}, false, ""},
		"another protocol, reset":           {call.Result{Error: "read: connection reset by peer"}, false, ""},
		"another protocol, an HTTP answer":  {call.Result{Status: 400, Error: "400 Bad Request"}, false, hop.Plaintext},
		"HTTP, nothing in time":             {call.Result{Error: "context deadline exceeded"}, true, ""},
		"HTTP, nobody listens":              {call.Result{Error: "connect: connection refused"}, true, ""},
		"another protocol, nobody listens":  {call.Result{Error: "connect: connection refused"}, false, ""},
		"another protocol, nothing in time": {call.Result{Error: "context deadline exceeded"}, false, ""},
	} {
		if got := inTheClear(row.result, row.http); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestWhereAPlaintextRequestOfHTTPIsAnswered(t *testing.T) {
	for _, row := range []struct {
		protocol hop.Protocol
		proxied  bool
		want     bool
	}{
		{hop.HTTP, true, true}, {hop.HTTP, false, true}, {hop.GRPC, true, true}, {hop.GRPC, false, false},
		{hop.TCP, true, false}, {hop.Auto, true, false}, {hop.TLS, true, false}, {"", true, false},
	} {
		if got := speaksHTTP(row.protocol, oracle.Workload{HasProxy: row.proxied}); got != row.want {
			t.Errorf("%q, with a proxy %t: %t, want %t", row.protocol, row.proxied, got, row.want)
		}
	}
}

func TestMutually(t *testing.T) {
	done := probe.Result{Handshake: true, Asked: true, Version: "TLSv1.3"}
	with := func(end probe.End) probe.Result {
		result := done
		result.End = end
		return result
	}
	before := func(end probe.End) probe.Result {
		result := with(end)
		result.Version = "TLSv1.2"
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
		"reset after the handshake":   {with(probe.Reset), ""},
		"silent after the handshake":  {with(probe.Silent), ""},
		"denied inside":               {with(probe.Denied), hop.MTLS},
		"reset after TLS 1.2":         {before(probe.Reset), hop.MTLS},
		"alerted after TLS 1.2":       {before(probe.Alerts), hop.Refused},
		"reset in the handshake":      {probe.Result{End: probe.Reset}, hop.Refused},
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
