package verdict_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

const (
	clientID = hop.Identity("spiffe://cluster.local/ns/clients/sa/client")
	serverID = hop.Identity("spiffe://cluster.local/ns/default/sa/product-service")
)

// settled is when the mesh was.
var settled = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var conn = hop.FiveTuple{Source: netip.MustParseAddrPort("10.244.0.5:43502"), Destination: netip.MustParseAddrPort("10.244.0.7:50051")}

func tls(peer hop.Identity) *hop.TLSFacts {
	return &hop.TLSFacts{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", Peer: peer}
}

// mtlsCheck is a check on which all agree that the hop is mTLS.
func mtlsCheck() verdict.Check {
	return verdict.Check{
		ClientKind: hop.Sidecar, Want: hop.MTLS,
		Identities: verdict.Identities{Client: clientID, Server: serverID},
		Proxied:    true,
		Intent:     verdict.Intent{Answer: oracle.Answer{Says: hop.MTLS}},
		Config:     verdict.Config{Prediction: envoy.Prediction{Says: hop.MTLS}},
		Observers: verdict.Observers{
			Client:      &hop.Observation{Source: hop.Client, Conn: conn, Says: hop.MTLS, TLS: tls(serverID), Attempts: 1},
			Server:      &hop.Observation{Source: hop.Server, Conn: conn, Says: hop.MTLS, TLS: tls(clientID)},
			Application: &hop.Observation{Source: hop.Application, Says: hop.MTLS, TLS: &hop.TLSFacts{Peer: clientID}},
			Wire:        &hop.Observation{Source: hop.Wire, Conn: conn, Says: hop.Encrypted, TLS: tls(""), Packets: &hop.Packets{Opened: settled.Add(time.Second)}},
		},
	}
}

// plainCheck is a check on which all agree that the hop is plaintext.
func plainCheck(kind hop.ClientKind) verdict.Check {
	return verdict.Check{
		ClientKind: kind, Want: hop.Plaintext,
		Proxied: true,
		Intent:  verdict.Intent{Answer: oracle.Answer{Says: hop.Plaintext}},
		Config:  verdict.Config{Prediction: envoy.Prediction{Says: hop.Plaintext}},
		Observers: verdict.Observers{
			Client:      &hop.Observation{Source: hop.Client, Conn: conn, Says: hop.Plaintext},
			Server:      &hop.Observation{Source: hop.Server, Conn: conn, Says: hop.Plaintext},
			Application: &hop.Observation{Source: hop.Application, Says: hop.Plaintext},
			Wire:        &hop.Observation{Source: hop.Wire, Conn: conn, Says: hop.Plaintext, Packets: &hop.Packets{Opened: settled.Add(time.Second)}},
		},
	}
}

// refusedCheck is a check on which all agree that the server has no filter chain for the hop.
func refusedCheck(kind hop.ClientKind) verdict.Check {
	client := hop.Symptom{Status: 503, Flags: "UC", Details: "upstream_reset_before_response_started{connection_termination}"}
	if kind == hop.Plain {
		client = hop.Symptom{Error: "read tcp: connection reset by peer"}
	}
	return verdict.Check{
		ClientKind: kind, Want: hop.Refused, Cause: hop.NoFilterChain,
		Proxied: true,
		Intent:  verdict.Intent{Answer: oracle.Answer{Says: hop.Refused, Refusal: hop.NoFilterChain}},
		Config:  verdict.Config{Prediction: envoy.Prediction{Says: hop.Refused, Refusal: hop.NoFilterChain}},
		Observers: verdict.Observers{
			Client:      &hop.Observation{Source: hop.Client, Conn: conn, Says: hop.Refused, Symptom: client},
			Server:      &hop.Observation{Source: hop.Server, Conn: conn, Says: hop.Refused, Refusal: hop.NoFilterChain, Symptom: hop.Symptom{Flags: "NR", Details: "filter_chain_not_found"}},
			Application: &hop.Observation{Source: hop.Application, Says: hop.Absent},
			Wire:        &hop.Observation{Source: hop.Wire, Conn: conn, Says: hop.Cut, Packets: &hop.Packets{Opened: settled.Add(time.Second)}},
		},
	}
}

// shownCheck is a check of a probe on which all agree that the hop is mTLS, and that asks for a certificate of the server's.
func shownCheck(want *fixture.Shown) verdict.Check {
	check := mtlsCheck()
	check.ClientKind, check.WantShown = hop.Prober, want
	probe := *check.Observers.Client
	probe.Source, probe.TLS = hop.Probe, tls(serverID)
	probe.TLS.KeyType, probe.TLS.ChainNames = "RSA 2048", []string{string(serverID), "CN=root"}
	probe.TLS.NotBefore, probe.TLS.NotAfter = "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
	check.Observers.Client, check.Observers.Probe = nil, &probe
	return check
}

// names stand in the application's certificate.
var names = []string{"product-service.default.svc.cluster.local", "product-service"}

// appTLSCheck is a check on which all agree that the application ended the TLS of a client without a proxy, which read the
// names in the server's certificate.
func appTLSCheck(read []string) verdict.Check {
	check := plainCheck(hop.Plain)
	check.Want, check.Intent.Says, check.Config.Says = hop.AppTLS, hop.AppTLS, hop.AppTLS
	check.Identities.ServerNames = names
	check.Observers.Client.Says, check.Observers.Client.TLS = hop.AppTLS, tls("")
	check.Observers.Client.TLS.Serial, check.Observers.Client.TLS.Names = "0a", read
	check.Observers.Server.Says, check.Observers.Application.Says = hop.AppTLS, hop.Served
	check.Observers.Wire.Says, check.Observers.Wire.TLS = hop.Encrypted, tls("")
	return check
}

// oneWayCheck is a check of a probe on which all agree that a gateway ended its TLS by a certificate for a name.
func oneWayCheck(name string) verdict.Check {
	check := shownCheck(nil)
	check.Relays, check.Want, check.Intent.Says, check.Config.Says = true, hop.OneWayTLS, hop.OneWayTLS, hop.OneWayTLS
	check.Identities = verdict.Identities{ServerNames: []string{"ingress.products.test"}}
	check.Observers.Probe.Says, check.Observers.Probe.TLS.Peer = hop.OneWayTLS, ""
	check.Observers.Probe.TLS.Serial, check.Observers.Probe.TLS.Names = "0a", []string{name}
	check.Observers.Server.Says, check.Observers.Server.TLS.Peer = hop.OneWayTLS, ""
	check.Observers.Application = nil
	return check
}

// mutualGatewayCheck is the same of a gateway that asked for a certificate.
func mutualGatewayCheck(name string) verdict.Check {
	check := oneWayCheck(name)
	check.Want, check.Intent.Says, check.Config.Says = hop.MTLS, hop.MTLS, hop.MTLS
	check.Identities.Client = clientID
	check.Observers.Probe.Says, check.Observers.Server.Says, check.Observers.Server.TLS.Peer = hop.MTLS, hop.MTLS, clientID
	return check
}

// passedOn is a check of a probe that a proxy behind a gateway refused for want of a certificate, as the two ends named it.
func passedOn(probe, server hop.Refusal) verdict.Check {
	check := refusedCheck(hop.Prober)
	check.Cause, check.Intent.Refusal, check.Config.Refusal = hop.NoClientCertificate, hop.NoClientCertificate, hop.NoClientCertificate
	check.Relays = true
	check.Observers.Probe = &hop.Observation{Source: hop.Probe, Conn: conn, Says: hop.Refused, Refusal: probe, Symptom: hop.Symptom{Error: "EOF"}}
	check.Observers.Server = &hop.Observation{Source: hop.Server, Conn: conn, Says: hop.AppTLS, Refusal: server}
	check.Observers.Wire.Says = hop.Encrypted
	check.Observers.Client, check.Observers.Application = nil, nil
	return check
}

func TestAVerdictFollowsFromWhatTheWitnessesSay(t *testing.T) {
	edited := func(check verdict.Check, edit func(*verdict.Check)) verdict.Check {
		edit(&check)
		return check
	}
	for name, test := range map[string]struct {
		check  verdict.Check
		result hop.Result
		reason string
	}{
		"all agree on mtls":                   {mtlsCheck(), hop.Pass, "TLSv1.3"},
		"all agree on plaintext":              {plainCheck(hop.Plain), hop.Pass, "in the clear"},
		"all agree on a refused gateway":      {refusedCheck(hop.Gateway), hop.Pass, "no-filter-chain"},
		"all agree on a refused plain client": {refusedCheck(hop.Plain), hop.Pass, "no-filter-chain"},
		"all agree, not with what was wanted": {edited(plainCheck(hop.Sidecar), func(c *verdict.Check) { c.Want = hop.MTLS }), hop.Fail, "wanted mtls"},
		"all agree, and the policies tell why": {edited(plainCheck(hop.Sidecar), func(c *verdict.Check) {
			c.Want, c.Intent.Why = hop.MTLS, "a Sidecar leaves the service out"
		}), hop.Fail, "say plaintext: a Sidecar leaves the service out"},
		"a route sends other requests elsewhere": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Config.Otherwise = []string{"10 % of the requests go to legacy-service:8080"}
		}), hop.Mismatch, "10 % of the requests go to legacy-service:8080"},
		"the configuration stands alone":         {edited(mtlsCheck(), func(c *verdict.Check) { c.Config.Says = hop.Plaintext }), hop.Mismatch, "config says plaintext"},
		"a header that claims mtls stands alone": {edited(plainCheck(hop.Sidecar), func(c *verdict.Check) { c.Observers.Application.Says = hop.MTLS }), hop.Mismatch, "application says mtls"},
		"nothing passed the server's proxy": {edited(plainCheck(hop.Plain), func(c *verdict.Check) {
			c.Observers.Server = &hop.Observation{Source: hop.Server, Says: hop.Absent}
		}), hop.Mismatch, "server says the connection never passed its proxy"},
		"the port bypasses the sidecar under strict": {edited(refusedCheck(hop.Plain), func(c *verdict.Check) {
			c.Observers.Client = &hop.Observation{Source: hop.Client, Conn: conn, Says: hop.Plaintext}
			c.Observers.Server = &hop.Observation{Source: hop.Server, Says: hop.Absent}
			c.Observers.Application = &hop.Observation{Source: hop.Application, Says: hop.Plaintext}
			c.Observers.Wire.Says = hop.Plaintext
		}), hop.Mismatch, "config says refused (no-filter-chain)"},
		"a contradiction is not hidden by a missing observer": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Observers.Client.Says = hop.Plaintext
			c.Observers.Server = &hop.Observation{Source: hop.Server, Missing: "the log ended"}
		}), hop.Mismatch, "the log ended"},
		"a required observer is missing":   {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Server.Missing, c.Observers.Server.Says = "the log ended", "" }), hop.Inconclusive, "required observer server is missing: the log ended"},
		"a required observer is not there": {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Application = nil }), hop.Inconclusive, "required observer application is missing"},
		"the configuration is missing":     {edited(mtlsCheck(), func(c *verdict.Check) { c.Config = verdict.Config{Missing: "no secret"} }), hop.Inconclusive, "config is missing: no secret"},
		"nobody saw anything":              {verdict.Check{ClientKind: hop.Sidecar, Want: hop.MTLS}, hop.Inconclusive, "nobody saw the attempt"},
		"the mesh did not settle":          {edited(mtlsCheck(), func(c *verdict.Check) { c.Settled.Failed = "no push" }), hop.Inconclusive, "did not settle: no push"},
		"an old connection":                {edited(mtlsCheck(), func(c *verdict.Check) { c.Reused = "r-1" }), hop.Inconclusive, "carried request r-1 before"},
		"a second attempt":                 {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Client.Attempts = 2 }), hop.Inconclusive, "2 attempts"},
		"two connections":                  {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Server.Conn.Source = netip.MustParseAddrPort("10.244.0.9:1") }), hop.Mismatch, "something stands between"},
		"one connection whose port was rewritten": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Rewritten, c.Observers.Server.Conn.Source = true, netip.MustParseAddrPort("10.244.0.5:60033")
		}), hop.Pass, "TLSv1.3"},
		"a rewritten port does not excuse another address": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Rewritten, c.Observers.Server.Conn.Source = true, netip.MustParseAddrPort("10.244.0.9:60033")
		}), hop.Mismatch, "something stands between"},
		"no connection to join by": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Observers.Client.Conn, c.Observers.Server.Conn = hop.FiveTuple{}, hop.FiveTuple{}
		}), hop.Inconclusive, "names no connection"},
		"the application's certificate": {appTLSCheck(names), hop.Pass, "product-service.default.svc.cluster.local"},
		"the names in another order":    {appTLSCheck([]string{names[1], names[0]}), hop.Pass, "TLSv1.3"},
		"another's certificate under the application's TLS": {appTLSCheck([]string{"elsewhere.test"}), hop.Fail,
			"the server's certificate is for elsewhere.test, wanted product-service.default.svc.cluster.local, product-service"},
		"a name less under the application's TLS": {appTLSCheck(names[:1]), hop.Fail, "the server's certificate is for product-service.default.svc.cluster.local, wanted"},
		"a workload's certificate under the application's TLS": {edited(appTLSCheck(nil), func(c *verdict.Check) { c.Observers.Client.TLS.Peer = serverID }),
			hop.Fail, "the server's certificate is for " + string(serverID) + ", wanted product-service"},
		"a certificate without any name": {appTLSCheck(nil), hop.Fail, "the server's certificate is for nobody, wanted product-service"},
		"a certificate that nobody derived": {edited(appTLSCheck(names), func(c *verdict.Check) { c.Identities.ServerNames = nil }),
			hop.Fail, "wanted nobody"},
		"an end that reads no certificate":                   {edited(appTLSCheck(nil), func(c *verdict.Check) { c.Observers.Client.TLS = nil }), hop.Pass, ""},
		"a gateway's certificate under one-way TLS":          {oneWayCheck("ingress.products.test"), hop.Pass, "ingress.products.test"},
		"another's certificate under a gateway's TLS":        {oneWayCheck("elsewhere.test"), hop.Fail, "is for elsewhere.test, wanted ingress.products.test"},
		"a gateway's certificate under mutual TLS":           {mutualGatewayCheck("ingress.products.test"), hop.Pass, "TLSv1.3"},
		"another's certificate under a gateway's mutual TLS": {mutualGatewayCheck("elsewhere.test"), hop.Fail, "is for elsewhere.test, wanted ingress.products.test"},
		"another server identity":                            {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Client.TLS = tls("spiffe://cluster.local/ns/default/sa/other") }), hop.Fail, "the server proved spiffe://cluster.local/ns/default/sa/other"},
		"another client identity": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Observers.Server.TLS, c.Observers.Application.TLS = tls("spiffe://x/ns/y/sa/z"), tls("spiffe://x/ns/y/sa/z")
		}), hop.Fail, "the client proved spiffe://x"},
		"the header names another client":         {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Application.TLS = tls("spiffe://forged") }), hop.Mismatch, "the application was told spiffe://forged"},
		"refused at the client by another cause":  {edited(refusedCheck(hop.Gateway), func(c *verdict.Check) { c.Observers.Client.Refusal = hop.NotTLS }), hop.Fail, "at the client it is not-tls"},
		"refused at the client by another status": {edited(refusedCheck(hop.Gateway), func(c *verdict.Check) { c.Observers.Client.Symptom.Status = 404 }), hop.Fail, "the status is 404, want 503"},
		"a gRPC refusal": {edited(refusedCheck(hop.Gateway), func(c *verdict.Check) {
			c.Observers.Client.Symptom.Status, c.Observers.Client.Symptom.Code = 200, "UNAVAILABLE"
		}), hop.Pass, "no-filter-chain"},
		"refused, and the server does not say why": {edited(refusedCheck(hop.Plain), func(c *verdict.Check) { c.Observers.Server.Refusal = "" }), hop.Fail, "at the server no cause is named"},
		"refused behind an answer on the wire":     {edited(refusedCheck(hop.Plain), func(c *verdict.Check) { c.Observers.Wire.Says = hop.Plaintext }), hop.Fail, "at the wire packets say plaintext"},
		"the policies ask otherwise":               {edited(mtlsCheck(), func(c *verdict.Check) { c.Intent.Says = hop.Plaintext }), hop.Mismatch, "intent says plaintext"},
		"the policies refuse for another cause":    {edited(refusedCheck(hop.Plain), func(c *verdict.Check) { c.Intent.Refusal = hop.NotTLS }), hop.Fail, "meant to be by not-tls"},
		"the oracle has no answer":                 {edited(mtlsCheck(), func(c *verdict.Check) { c.Intent = verdict.Intent{Missing: "no route"} }), hop.Inconclusive, "intent is missing: no route"},
		"the wire is clear under claims of mtls":   {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Wire.Says = hop.Plaintext }), hop.Mismatch, "wire says plaintext"},
		"the tap lost packets": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Observers.Wire = &hop.Observation{Source: hop.Wire, Missing: "12 packets lost"}
		}), hop.Inconclusive, "required observer wire is missing: 12 packets lost"},
		"a connection from before":               {edited(mtlsCheck(), func(c *verdict.Check) { c.Settled.At = settled.Add(time.Minute) }), hop.Inconclusive, "before the mesh had settled"},
		"another session on the wire":            {edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Wire.TLS.Version = "TLSv1.2" }), hop.Mismatch, "the wire TLSv1.2"},
		"another handshake than the case asks":   {edited(mtlsCheck(), func(c *verdict.Check) { c.WantWire = &fixture.Wire{Cipher: "TLS_CHACHA20_POLY1305_SHA256"} }), hop.Fail, "the wire shows cipher"},
		"configured to refuse for another cause": {edited(refusedCheck(hop.Gateway), func(c *verdict.Check) { c.Config.Refusal = hop.NotTLS }), hop.Fail, "configured to be by not-tls"},
		"a certificate that the client's proxy does not hold": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Config.Client = &envoy.ClientFacts{TLSContext: envoy.TLSContext{CertificateSecret: envoy.WorkloadSecret}}
			c.Config.Secrets.ClientSerial, c.Observers.Server.TLS.Serial = "0a", "0b"
		}), hop.Mismatch, "the server was shown certificate 0b, and the client's proxy holds 0a"},
		"a certificate of the client's own, of no secret of the mesh": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Config.Client = &envoy.ClientFacts{TLSContext: envoy.TLSContext{CertificateSecret: "file"}}
			c.Config.Secrets.ClientSerial, c.Observers.Server.TLS.Serial = "0a", "0b"
		}), hop.Pass, "TLSv1.3"},
		"Istio is known to do otherwise than documented": {edited(refusedCheck(hop.Gateway), func(c *verdict.Check) {
			c.Intent.Answer, c.Documented = oracle.Answer{Says: hop.MTLS}, hop.MTLS
		}), hop.Pass, "no-filter-chain"},
		"Istio does as documented where it was known not to": {edited(mtlsCheck(), func(c *verdict.Check) {
			c.Want, c.Cause, c.Documented = hop.Refused, hop.WrongSAN, hop.MTLS
		}), hop.Mismatch, "intent says mtls"},
		"a chain as the case asks":             {shownCheck(&fixture.Shown{Key: "RSA 2048", Chain: fixture.Names{string(serverID), "CN=root"}, Lifetime: 24 * time.Hour}), hop.Pass, "TLSv1.3"},
		"another key":                          {shownCheck(&fixture.Shown{Key: "ECDSA P-256"}), hop.Fail, "the server's key is RSA 2048"},
		"another chain":                        {shownCheck(&fixture.Shown{Chain: fixture.Names{string(serverID)}}), hop.Fail, "CN=root"},
		"another lifetime":                     {shownCheck(&fixture.Shown{Lifetime: time.Hour}), hop.Fail, "holds from 2026-01-02T00:00:00Z to 2026-01-03T00:00:00Z, wanted 1h0m0s"},
		"an alert that a gateway lost":         {passedOn("", hop.NoClientCertificate), hop.Pass, "no-client-certificate"},
		"a cause that only the probe was told": {passedOn(hop.NoClientCertificate, ""), hop.Pass, "no-client-certificate"},
		"a cause that neither knows":           {passedOn("", ""), hop.Fail, "no cause is named"},
		"a cause that a gateway's sidecar client alone knows": {edited(passedOn("", ""), func(c *verdict.Check) {
			c.ClientKind, c.Observers.Probe = hop.Sidecar, nil
			c.Observers.Client = &hop.Observation{Source: hop.Client, Conn: conn, Says: hop.Refused, Refusal: hop.NoClientCertificate, Attempts: 1}
		}), hop.Pass, "no-client-certificate"},
		"a cause that a gateway's sidecar client does not know either": {edited(passedOn("", ""), func(c *verdict.Check) {
			c.ClientKind, c.Observers.Probe = hop.Sidecar, nil
			c.Observers.Client = &hop.Observation{Source: hop.Client, Conn: conn, Says: hop.Refused, Attempts: 1}
		}), hop.Fail, "at the server no cause is named"},
		"another cause behind the gateway": {passedOn(hop.NoClientCertificate, hop.UnknownCA), hop.Fail, "at the server it is unknown-ca"},
		"the counters tell otherwise": {edited(refusedCheck(hop.Plain), func(c *verdict.Check) {
			c.Counted, c.Observers.Stats = true, &hop.Observation{Source: hop.Stats, Says: hop.MTLS}
		}), hop.Mismatch, "stats says mtls"},
		"the counters tell another cause": {edited(refusedCheck(hop.Plain), func(c *verdict.Check) {
			c.Counted, c.Observers.Stats = true, &hop.Observation{Source: hop.Stats, Says: hop.Refused, Refusal: hop.NoClientCertificate}
		}), hop.Fail, "at the stats it is no-client-certificate"},
		"the counters cannot tell":            {edited(refusedCheck(hop.Plain), func(c *verdict.Check) { c.Counted = true }), hop.Inconclusive, "required observer stats is missing"},
		"refused, but the application has it": {edited(refusedCheck(hop.Gateway), func(c *verdict.Check) { c.Observers.Application.Says = hop.Plaintext }), hop.Mismatch, "application says plaintext"},
	} {
		t.Run(name, func(t *testing.T) {
			test.check.Judge()
			if test.check.Result != test.result || !strings.Contains(test.check.Reason, test.reason) {
				t.Errorf("got %s: %s\nwant %s: … %s …", test.check.Result, test.check.Reason, test.result, test.reason)
			}
		})
	}
}

func TestAReasonSaysThatTheOracleExpects(t *testing.T) {
	for name, check := range map[string]verdict.Check{"PASS": mtlsCheck(), "FAIL": plainCheck(hop.Sidecar)} {
		check.Want, check.ExpectedBy = hop.MTLS, verdict.ByOracle
		check.Judge()
		if string(check.Result) != name || !strings.HasSuffix(check.Reason, "; expected by the oracle, from the policies in force") {
			t.Errorf("%s: %s %s", name, check.Result, check.Reason)
		}
		c := verdict.Case{Checks: []verdict.Check{check}}
		if c.Conclude(); c.OracleExpects() != 1 || !strings.Contains(c.Reason, "the oracle, from the policies in force") {
			t.Errorf("%s: %s", name, c.Reason)
		}
	}
}

func TestAMismatchNamesWhoStandsOut(t *testing.T) {
	check := mtlsCheck()
	check.Observers.Application.Says = hop.Plaintext
	check.Judge()
	if len(check.StandsOut) != 1 || check.StandsOut[0] != "application" {
		t.Errorf("stands out: %v", check.StandsOut)
	}
	check = mtlsCheck()
	check.Config.Says, check.Observers.Client.Says = hop.Plaintext, hop.Plaintext
	check.Judge()
	if len(check.StandsOut) != 2 {
		t.Errorf("two against two, and stands out: %v", check.StandsOut)
	}
}

func TestAVerdictRestsOnTheObserversThatTheAttemptCanHave(t *testing.T) {
	for name, test := range map[string]struct {
		check verdict.Check
		want  []hop.Source
	}{
		"behind a sidecar":      {verdict.Check{ClientKind: hop.Sidecar, Proxied: true, Want: hop.MTLS}, []hop.Source{hop.Client, hop.Server, hop.Application, hop.Wire}},
		"without a proxy":       {verdict.Check{ClientKind: hop.Sidecar, Want: hop.Plaintext}, []hop.Source{hop.Client, hop.Application, hop.Wire}},
		"a probe":               {verdict.Check{ClientKind: hop.Prober, Proxied: true, Want: hop.Refused, Cause: hop.UnknownCA}, []hop.Source{hop.Probe, hop.Server, hop.Application, hop.Wire}},
		"never left the client": {verdict.Check{ClientKind: hop.Gateway, Proxied: true, Want: hop.Refused, Cause: hop.NoCluster}, []hop.Source{hop.Client, hop.Application}},
		"counted":               {verdict.Check{ClientKind: hop.Prober, Proxied: true, Relays: true, Counted: true, Want: hop.MTLS}, []hop.Source{hop.Probe, hop.Server, hop.Wire, hop.Stats}},
		"a stream":              {verdict.Check{ClientKind: hop.Sidecar, Proxied: true, On: "watch", Streams: true, Want: hop.MTLS}, []hop.Source{hop.Client, hop.Wire}},
	} {
		test.check.Judge()
		if !slices.Equal(test.check.Observers.Required, test.want) {
			t.Errorf("%s: rests on %v, want %v", name, test.check.Observers.Required, test.want)
		}
	}
}

func TestTheWorstCheckDecidesACase(t *testing.T) {
	results := func(results ...hop.Result) verdict.Case {
		c := verdict.Case{}
		for _, result := range results {
			c.Checks = append(c.Checks, verdict.Check{Result: result})
		}
		c.Conclude()
		return c
	}
	for name, test := range map[string]struct {
		c    verdict.Case
		want hop.Result
	}{
		"all pass":                   {results(hop.Pass, hop.Pass), hop.Pass},
		"one inconclusive":           {results(hop.Pass, hop.Inconclusive), hop.Inconclusive},
		"mismatch over inconclusive": {results(hop.Mismatch, hop.Inconclusive), hop.Mismatch},
		"fail over mismatch":         {results(hop.Mismatch, hop.Fail), hop.Fail},
		"no check at all":            {results(), hop.Inconclusive},
	} {
		if test.c.Result != test.want {
			t.Errorf("%s: got %s, want %s", name, test.c.Result, test.want)
		}
	}
	lost := verdict.Case{Checks: []verdict.Check{{Result: hop.Pass}}, Traffic: &hop.Traffic{Requests: 10, Unanswered: 1}}
	if lost.Conclude(); lost.Result != hop.Fail {
		t.Errorf("a lost background request: got %s", lost.Result)
	}
	stuck := verdict.Case{Checks: []verdict.Check{{Result: hop.Pass}}, Changes: []verdict.Change{{Settled: verdict.Settled{Failed: "stuck"}}}}
	if stuck.Conclude(); stuck.Result != hop.Inconclusive {
		t.Errorf("a change that did not settle: got %s", stuck.Result)
	}
}

func TestWhatBrokeACaseIsItsReasonUnlessAWorseIsKnown(t *testing.T) {
	for name, test := range map[string]struct {
		checks []verdict.Check
		want   hop.Result
		reason string
	}{
		"no check was made": {nil, hop.Inconclusive, "the pod is gone"},
		"all checks pass":   {[]verdict.Check{{Result: hop.Pass}}, hop.Inconclusive, "the pod is gone"},
		"a check failed":    {[]verdict.Check{{Result: hop.Fail, Reason: "wanted mtls"}}, hop.Fail, "wanted mtls"},
	} {
		c := verdict.Case{Checks: test.checks}
		c.Conclude()
		c.MarkInconclusive("the pod is gone")
		if c.Result != test.want || !strings.Contains(c.Reason, test.reason) {
			t.Errorf("%s: got %s: %s", name, c.Result, c.Reason)
		}
	}
}
