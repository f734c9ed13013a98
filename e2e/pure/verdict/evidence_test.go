package verdict_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

func wire(sni string, alpn ...string) *fixture.Wire { return &fixture.Wire{SNI: sni, ALPN: alpn} }

// Two checks are one tuple where nothing makes them another statement.
func TestTuple(t *testing.T) {
	base := mtlsCheck()
	same := mtlsCheck()
	same.ID, same.Step = "another", 3
	if base.Tuple() != same.Tuple() {
		t.Error("an id makes another tuple")
	}
	for name, change := range map[string]func(*verdict.Check){
		"rules":       func(c *verdict.Check) { c.Intent.Rules = []oracle.Rule{oracle.ServerMesh} },
		"client":      func(c *verdict.Check) { c.ClientKind = hop.Plain },
		"protocol":    func(c *verdict.Check) { c.Protocol = hop.TCP },
		"want":        func(c *verdict.Check) { c.Want = hop.Plaintext },
		"cause":       func(c *verdict.Check) { c.Cause = hop.NotTLS },
		"probe":       func(c *verdict.Check) { c.Probe = &fixture.Probe{} },
		"certificate": func(c *verdict.Check) { c.Probe = &fixture.Probe{Certificate: fixture.SelfSigned} },
	} {
		other := mtlsCheck()
		change(&other)
		if base.Tuple() == other.Tuple() {
			t.Errorf("%s makes no other tuple", name)
		}
	}
}

func TestOnTheWire(t *testing.T) {
	elsewhere := netip.MustParseAddrPort("10.244.0.5:1")
	stranger := netip.MustParseAddrPort("10.244.0.9:43502")
	for name, row := range map[string]struct {
		change func(*verdict.Check)
		want   bool
	}{
		"the very connection":     {func(*verdict.Check) {}, true},
		"no packets":              {func(c *verdict.Check) { c.Observers.Wire.Packets = nil }, false},
		"no wire":                 {func(c *verdict.Check) { c.Observers.Wire.Missing = "no tap" }, false},
		"opened before":           {func(c *verdict.Check) { c.Settled.At = settled.Add(2 * time.Second) }, false},
		"kept, and opened before": {func(c *verdict.Check) { c.Settled.At, c.On = settled.Add(2*time.Second), "kept" }, true},
		"another connection":      {func(c *verdict.Check) { c.Observers.Wire.Conn.Source = elsewhere }, false},
		"a rewritten port":        {func(c *verdict.Check) { c.Observers.Wire.Conn.Source, c.Rewritten = elsewhere, true }, true},
		"another client":          {func(c *verdict.Check) { c.Observers.Wire.Conn.Source, c.Rewritten = stranger, true }, false},
		"no server":               {func(c *verdict.Check) { c.Observers.Server.Missing = "no line" }, false},
		"no proxy":                {func(c *verdict.Check) { c.Observers.Server, c.Proxied = nil, false }, true},
		"no proxy, no address":    {func(c *verdict.Check) { c.Proxied, c.Observers.Wire.Conn = false, hop.FiveTuple{} }, false},
		"a stream":                {func(c *verdict.Check) { c.Observers.Server, c.Streams = nil, true }, true},
	} {
		check := mtlsCheck()
		row.change(&check)
		if got := check.OnTheWire(); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCauseNamed(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*verdict.Check)
		want   bool
	}{
		"by nobody":     {func(*verdict.Check) {}, false},
		"by the server": {func(c *verdict.Check) { c.Observers.Server.Refusal = hop.NoFilterChain }, true},
		"another cause": {func(c *verdict.Check) { c.Observers.Server.Refusal = hop.NotTLS }, false},
		"by one unread": {func(c *verdict.Check) {
			c.Observers.Server.Refusal, c.Observers.Server.Missing = hop.NoFilterChain, "x"
		}, false},
		"by the client too": {func(c *verdict.Check) { c.Observers.Client.Refusal = hop.NoFilterChain }, true},
	} {
		check := refusedCheck(hop.Sidecar)
		for _, source := range []hop.Source{hop.Client, hop.Server, hop.Wire, hop.Application} {
			if seen := check.Observers.By(source); seen != nil {
				seen.Refusal = ""
			}
		}
		row.change(&check)
		if got := check.CauseNamed(); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSeen(t *testing.T) {
	pass, fail := mtlsCheck(), mtlsCheck()
	pass.Result, fail.Result = hop.Pass, hop.Fail
	plain := plainCheck(hop.Sidecar)
	plain.Result = hop.Pass
	if got := verdict.Seen([]verdict.Check{pass, pass, fail, plain}); got[hop.MTLS] != 2 || got[hop.Plaintext] != 1 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// What may not be had is not required, and the rest still is.
func TestWithout(t *testing.T) {
	check := mtlsCheck()
	check.Observers.Wire, check.Without = nil, []hop.Source{hop.Wire}
	check.Judge()
	if check.Result != hop.Pass {
		t.Errorf("without the wire: %s %s", check.Result, check.Reason)
	}
	check.Observers.Server.Missing = "no line"
	if check.Judge(); check.Result != hop.Inconclusive {
		t.Errorf("without the wire and the server: %s", check.Result)
	}
	check = mtlsCheck()
	check.Observers.Wire = nil
	if check.Judge(); check.Result != hop.Inconclusive {
		t.Errorf("a wire that could be had: %s", check.Result)
	}
	refused := refusedCheck(hop.Sidecar)
	refused.Observers.Wire, refused.Observers.Server, refused.Without = nil, nil, []hop.Source{hop.Wire}
	refused.Observers.Client.Conn = hop.FiveTuple{}
	if refused.Judge(); refused.Result != hop.Pass {
		t.Errorf("a refusal without the wire: %s %s", refused.Result, refused.Reason)
	}
	plain := plainCheck(hop.Sidecar)
	plain.Observers.Wire, plain.Without = nil, []hop.Source{hop.Wire}
	if plain.Judge(); plain.Result != hop.Pass || plain.Reason != "in the clear at both ends; no packet was looked at" {
		t.Errorf("plaintext without the wire: %s %s", plain.Result, plain.Reason)
	}
}

func TestAJudgedCheckNamesTheRulesThatRestOnSourceAlone(t *testing.T) {
	check := mtlsCheck()
	check.Intent.Rules = []oracle.Rule{oracle.AutoClusters, oracle.ServerDefault}
	check.Judge()
	if check.Result != hop.Pass || !slices.Equal(check.SourceAlone, []oracle.Rule{oracle.AutoClusters}) {
		t.Errorf("%s %s: %v", check.Result, check.Reason, check.SourceAlone)
	}
}
