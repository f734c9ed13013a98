package verdict_test

import (
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// The whole reason is what a reader goes by.
func TestReasons(t *testing.T) {
	notTLS := func(kind hop.ClientKind) verdict.Check {
		check := refusedCheck(kind)
		check.Cause, check.Intent.Refusal, check.Config.Refusal = hop.NotTLS, hop.NotTLS, hop.NotTLS
		check.Observers.Server.Refusal = ""
		check.Observers.Wire.Says = hop.Refused
		return check
	}
	for name, row := range map[string]struct {
		check  verdict.Check
		change func(*verdict.Check)
		result hop.Result
		reason string
	}{
		"another gRPC status": {refusedCheck(hop.Sidecar), func(c *verdict.Check) {
			c.Observers.Client.Symptom.Code, c.Observers.Client.Symptom.Status = "INTERNAL", 200
		}, hop.Fail, "refused as wanted, but not by no-filter-chain: at the client the gRPC status is INTERNAL, want UNAVAILABLE"},
		"another status at a sidecar": {refusedCheck(hop.Sidecar), func(c *verdict.Check) { c.Observers.Client.Symptom.Status = 404 },
			hop.Fail, "refused as wanted, but not by no-filter-chain: at the client the status is 404, want 503"},
		"a status that a plain client was given": {refusedCheck(hop.Plain), func(c *verdict.Check) { c.Observers.Client.Symptom.Status = 404 },
			hop.Pass, "no-filter-chain: "},
		"a sidecar that does not say why": {notTLS(hop.Sidecar), func(*verdict.Check) {},
			hop.Fail, `refused as wanted, but not by not-tls: at the client no cause is named, only "upstream_reset_before_response_started{connection_termination}"`},
		"a sidecar that says nothing at all": {notTLS(hop.Sidecar), func(c *verdict.Check) { c.Observers.Client.Symptom = hop.Symptom{} },
			hop.Fail, "refused as wanted, but not by not-tls: at the client no cause is named, only none"},
		"a plain client that cannot say why": {notTLS(hop.Plain), func(*verdict.Check) {}, hop.Pass, "not-tls: "},
		"one that stands out": {mtlsCheck(), func(c *verdict.Check) { c.Observers.Application.Says = hop.Plaintext },
			hop.Mismatch, "application says plaintext; intent, config, client, server say mtls; wire says encrypted"},
		"cause and flags of who stands out": {mtlsCheck(), func(c *verdict.Check) {
			c.Observers.Client.Says, c.Observers.Client.Symptom.Flags = hop.Refused, "UC"
		}, hop.Mismatch, "client says refused (UC); intent, config, server, application say mtls; wire says encrypted"},
		"the cause that the policies have": {mtlsCheck(), func(c *verdict.Check) { c.Intent.Says, c.Intent.Refusal = hop.Refused, hop.NoFilterChain },
			hop.Mismatch, "intent says refused (no-filter-chain); config, client, server, application say mtls; wire says encrypted"},
		"the cause that the configuration has": {mtlsCheck(), func(c *verdict.Check) { c.Config.Says, c.Config.Refusal = hop.Refused, hop.NotTLS },
			hop.Mismatch, "config says refused (not-tls); intent, client, server, application say mtls; wire says encrypted"},
		"a server's proxy that saw nothing": {mtlsCheck(), func(c *verdict.Check) { c.Observers.Server.Says = hop.Absent },
			hop.Mismatch, "server says the connection never passed its proxy; intent, config, client, application say mtls; wire says encrypted"},
		"a client's proxy that saw nothing": {mtlsCheck(), func(c *verdict.Check) { c.Observers.Client.Says = hop.Absent },
			hop.Mismatch, "client says the connection never passed its proxy; intent, config, server, application say mtls; wire says encrypted"},
		"a wire that saw nothing": {mtlsCheck(), func(c *verdict.Check) { c.Observers.Wire.Says = hop.Absent },
			hop.Mismatch, "wire says the client's connection never came to the server's pod; intent, config, client, server, application say mtls"},
		"an application that saw nothing": {mtlsCheck(), func(c *verdict.Check) { c.Observers.Application.Says = hop.Absent },
			hop.Mismatch, "application says the request never arrived; intent, config, client, server say mtls; wire says encrypted"},
		"an application that reads TLS as its own protocol": {notTLS(hop.Plain), func(c *verdict.Check) { c.Observers.Application.Says = hop.Refused }, hop.Pass, "not-tls: "},
		"an application that was reached though refused before": {refusedCheck(hop.Sidecar), func(c *verdict.Check) { c.Observers.Application.Says = hop.Refused },
			hop.Fail, "refused as wanted, but not by no-filter-chain: at the application the request reached it"},
		"an application that knows of a closed connection": {refusedCheck(hop.Sidecar), func(c *verdict.Check) {
			c.On, c.Cause, c.Intent.Refusal, c.Config.Refusal = "one", hop.Closed, hop.Closed, hop.Closed
			c.Observers.Server, c.Observers.Application.Says = nil, hop.Refused
			c.Observers.Wire.Says, c.Observers.Wire.Packets.Closed = hop.Plaintext, true
		}, hop.Pass, "closed: "},
		"another ALPN than asked for": {mtlsCheck(), func(c *verdict.Check) {
			c.WantWire, c.Observers.Wire.TLS.Offered = wire("", "istio"), []string{"h2", "http/1.1"}
		}, hop.Fail, `the wire shows ALPN "h2,http/1.1", wanted istio`},
		"the ALPN asked for": {mtlsCheck(), func(c *verdict.Check) {
			c.WantWire, c.Observers.Wire.TLS.Offered = wire("", "istio"), []string{"istio"}
		}, hop.Pass, "TLSv1.3 TLS_AES_128_GCM_SHA256, ns/clients/sa/client to ns/default/sa/product-service"},
		"no handshake on the wire": {mtlsCheck(), func(c *verdict.Check) { c.WantWire, c.Observers.Wire.TLS = wire("s"), nil },
			hop.Fail, "the wire shows no handshake"},
		"no endpoint, and no connection": {refusedCheck(hop.Sidecar), func(c *verdict.Check) {
			c.Cause, c.Intent.Refusal, c.Config.Refusal = hop.NoEndpoint, hop.NoEndpoint, hop.NoEndpoint
			c.Observers.Client.Refusal, c.Observers.Client.Conn = hop.NoEndpoint, hop.FiveTuple{}
			c.Observers.Server, c.Observers.Wire = nil, nil
		}, hop.Pass, "no-endpoint: "},
		"a served client without connection": {mtlsCheck(), func(c *verdict.Check) { c.Observers.Client.Conn = hop.FiveTuple{} },
			hop.Inconclusive, "client names no connection, so nothing can be joined to it"},
		"a server without a connection": {refusedCheck(hop.Sidecar), func(c *verdict.Check) { c.Observers.Server.Conn = hop.FiveTuple{} },
			hop.Inconclusive, "server names no connection, so nothing can be joined to it"},
		"a server that logs nothing, with packets": {refusedCheck(hop.Sidecar), func(c *verdict.Check) { c.Observers.Server = nil },
			hop.Inconclusive, "required observer server is missing"},
		"a served one that logs nothing, without packets": {mtlsCheck(), func(c *verdict.Check) {
			c.Observers.Server, c.Observers.Wire, c.Without = nil, nil, []hop.Source{hop.Wire}
		}, hop.Inconclusive, "required observer server is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			row.change(&row.check)
			row.check.Judge()
			if row.check.Result != row.result || row.check.Reason != row.reason {
				t.Errorf("%s %s\nwant %s %s", row.check.Result, row.check.Reason, row.result, row.reason)
			}
		})
	}
}

// What a kept connection carries does not change with the configuration, unless it is closed.
func TestKeptConnections(t *testing.T) {
	kept := func(change func(*verdict.Check)) verdict.Check {
		check := plainCheck(hop.Plain)
		check.On, check.Streams = "watch", true
		check.Observers.Server, check.Observers.Application = nil, nil
		change(&check)
		return check
	}
	closed := func(c *verdict.Check) {
		c.Want, c.Cause = hop.Refused, hop.Closed
		c.Observers.Client.Says, c.Intent.Says = hop.Refused, hop.Refused
	}
	for name, row := range map[string]struct {
		check  verdict.Check
		result hop.Result
	}{
		"goes on": {kept(func(*verdict.Check) {}), hop.Pass},
		"the application's TLS goes on": {kept(func(c *verdict.Check) {
			c.Want, c.Intent.Says, c.Config.Says, c.Observers.Client.Says, c.Observers.Wire.Says = hop.AppTLS, hop.AppTLS, hop.AppTLS, hop.AppTLS, hop.Encrypted
		}), hop.Pass},
		"TLS on the wire of plaintext":    {kept(func(c *verdict.Check) { c.Observers.Wire.Says = hop.Encrypted }), hop.Mismatch},
		"refused, and closed by packets":  {kept(func(c *verdict.Check) { closed(c); c.Observers.Wire.Packets.Closed = true }), hop.Pass},
		"refused, and open by packets":    {kept(closed), hop.Mismatch},
		"refused, and nothing of packets": {kept(func(c *verdict.Check) { closed(c); c.Observers.Wire.Packets = nil }), hop.Mismatch},
	} {
		row.check.Judge()
		if row.check.Result != row.result {
			t.Errorf("%s: %s %s, want %s", name, row.check.Result, row.check.Reason, row.result)
		}
	}
}

func TestShownByServer(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*verdict.Check)
		want   string
	}{
		"to a probe":                {func(*verdict.Check) {}, "0a"},
		"to one that is not there":  {func(c *verdict.Check) { c.Observers.Probe.Missing = "gone" }, ""},
		"no TLS":                    {func(c *verdict.Check) { c.Observers.Probe.TLS = nil }, ""},
		"no certificate":            {func(c *verdict.Check) { c.Observers.Probe.TLS.Peer = "" }, ""},
		"of those behind a gateway": {func(c *verdict.Check) { c.Relays, c.Observers.Server.Says = true, hop.Raw }, ""},
		"TLS of those behind":       {func(c *verdict.Check) { c.Relays, c.Observers.Server.Says = true, hop.AppTLS }, ""},
		"the gateway's own":         {func(c *verdict.Check) { c.Relays = true }, "0a"},
	} {
		check := shownCheck(&fixture.Shown{})
		check.Observers.Probe.TLS.Serial = "0a"
		row.change(&check)
		if got := check.ShownByServer(); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestWarming(t *testing.T) {
	for _, row := range []struct {
		config verdict.Config
		want   bool
	}{
		{verdict.Config{}, false},
		{verdict.Config{Client: &envoy.ClientFacts{}, Server: &envoy.ServerFacts{}}, false},
		{verdict.Config{Client: &envoy.ClientFacts{Warming: true}}, true},
		{verdict.Config{Server: &envoy.ServerFacts{Warming: true}}, true},
	} {
		if got := row.config.Warming(); got != row.want {
			t.Errorf("%+v: %v", row.config, got)
		}
	}
}

// Who stands alone is told of the first check that is a MISMATCH.
func TestWhoStandsAloneInACase(t *testing.T) {
	alone := mtlsCheck()
	alone.Observers.Application.Says = hop.Plaintext
	failed := mtlsCheck()
	failed.Settled.At, failed.WantWire = settled.Add(-time.Second), wire("other")
	var m verdict.Mutant
	noticed := played("c", mtlsCheck(), failed, alone)
	m.Add(verdict.Before, played("c", mtlsCheck()))
	m.Add(verdict.Under, noticed)
	m.Judge(fixture.Mutant{}, map[string]verdict.Case{"c": noticed})
	if m.Result != verdict.Killed || len(m.Observer) != 1 || m.Observer[0] != "application" {
		t.Errorf("%s by %v", m.Result, m.Observer)
	}
}
