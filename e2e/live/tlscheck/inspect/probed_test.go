package inspect

import (
	"errors"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
	"mtls.test/conformance/fixtures/agent/seen"
)

func TestInTheClear(t *testing.T) {
	for name, row := range map[string]struct {
		result call.Result
		http   bool
		want   hop.Outcome
	}{
		"an answer":                         {call.Result{Status: 404, Error: "404 Not Found"}, true, hop.Plaintext},
		"an answer of no HTTP":              {call.Result{Error: `malformed HTTP response "hello"`}, false, hop.Plaintext},
		"an answer of the application's":    {call.Result{Seen: &seen.Record{}}, false, hop.Plaintext},
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
		"silent after TLS 1.2":        {before(probe.Silent), hop.MTLS},
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

func TestWhatAProbeSaw(t *testing.T) {
	const server = "spiffe://cluster.local/ns/default/sa/product"
	const nothing = "an end without an answer tells nothing here"
	proved := func(uris ...string) probe.Result {
		return probe.Result{Handshake: true, Asked: true, Version: "TLSv1.3", Server: []probe.Certificate{{URIs: uris}}}
	}
	closed, served := call.Result{Error: "EOF"}, call.Result{Status: 200}
	for name, row := range map[string]struct {
		tried probed
		http  bool
		want  tlscheck.Observed
	}{
		"mTLS alone":               {probed{plain: closed, mutual: proved(server)}, true, tlscheck.Observed{Plaintext: hop.Refused, MTLS: hop.MTLS, Server: server}},
		"both":                     {probed{plain: served, mutual: proved(server)}, true, tlscheck.Observed{Plaintext: hop.Plaintext, MTLS: hop.MTLS, Server: server}},
		"plaintext alone":          {probed{plain: served, mutual: probe.Result{End: probe.Clear}}, true, tlscheck.Observed{Plaintext: hop.Plaintext, MTLS: hop.Refused}},
		"another protocol, closed": {probed{plain: closed, mutual: proved(server)}, false, tlscheck.Observed{MTLS: hop.MTLS, Server: server, Why: nothing}},
		"a server without a name":  {probed{plain: closed, mutual: proved()}, true, tlscheck.Observed{Plaintext: hop.Refused, MTLS: hop.AppTLS}},
		"a server of two names":    {probed{plain: closed, mutual: proved(server, server+"2")}, true, tlscheck.Observed{Plaintext: hop.Refused, MTLS: hop.AppTLS}},
		"a server that proves nothing": {
			probed{plain: closed, mutual: probe.Result{Handshake: true, Asked: true}}, true, tlscheck.Observed{Plaintext: hop.Refused, MTLS: hop.AppTLS},
		},
		"a server's name after a refusal": {
			probed{plain: served, mutual: probe.Result{Handshake: true, Server: proved(server).Server}}, true, tlscheck.Observed{Plaintext: hop.Plaintext, MTLS: hop.Refused},
		},
		"no request sent": {
			probed{notSent: errors.New("agent is gone"), mutual: proved(server)}, true, tlscheck.Observed{MTLS: hop.MTLS, Server: server, Why: "agent is gone; " + nothing},
		},
		"no handshake made": {
			probed{plain: served, notProbed: errors.New("agent is gone")}, true, tlscheck.Observed{Plaintext: hop.Plaintext, Why: "agent is gone; " + nothing},
		},
	} {
		if got := row.tried.observed(row.http); got != row.want {
			t.Errorf("%s: %+v, want %+v", name, got, row.want)
		}
	}
}
