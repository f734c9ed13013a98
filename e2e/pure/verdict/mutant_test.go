package verdict_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// played is a case of judged checks.
func played(id string, checks ...verdict.Check) verdict.Case {
	c := verdict.Case{ID: id}
	for _, check := range checks {
		check.Judge()
		c.Checks = append(c.Checks, check)
	}
	c.Conclude()
	return c
}

func TestAKillIsByVerdictAndByObserver(t *testing.T) {
	edited := func(check verdict.Check, edit func(*verdict.Check)) verdict.Check {
		edit(&check)
		return check
	}
	forged := edited(plainCheck(hop.Plain), func(c *verdict.Check) { c.Observers.Application.Says = hop.MTLS })
	unwanted := edited(plainCheck(hop.Sidecar), func(c *verdict.Check) { c.Want = hop.MTLS })
	blind := edited(mtlsCheck(), func(c *verdict.Check) { c.Observers.Wire = nil })
	otherName := edited(mtlsCheck(), func(c *verdict.Check) {
		c.WantWire = &fixture.Wire{SNI: "wanted"}
		c.Observers.Wire.TLS.SNI = "other"
	})
	for name, test := range map[string]struct {
		check   verdict.Check
		kill    fixture.Kill
		because string // it is no kill; empty where it is one
	}{
		"who stands alone":              {forged, fixture.Kill{Verdict: hop.Mismatch, Observer: "application"}, ""},
		"another stands alone":          {forged, fixture.Kill{Verdict: hop.Mismatch, Observer: "wire"}, "wire is not who shows it"},
		"another verdict":               {forged, fixture.Kill{Verdict: hop.Fail, Observer: "application"}, "is MISMATCH, not FAIL"},
		"who shows what is not wanted":  {unwanted, fixture.Kill{Verdict: hop.Fail, Observer: "wire"}, ""},
		"the configuration shows it":    {unwanted, fixture.Kill{Verdict: hop.Fail, Observer: "config"}, ""},
		"a probe that was not there":    {unwanted, fixture.Kill{Verdict: hop.Fail, Observer: "probe"}, "probe is not who shows it"},
		"the wire shows another name":   {otherName, fixture.Kill{Verdict: hop.Fail, Observer: "wire"}, ""},
		"who does not look at the name": {otherName, fixture.Kill{Verdict: hop.Fail, Observer: "application"}, "application is not who shows it"},
		"who is missing":                {blind, fixture.Kill{Verdict: hop.Inconclusive, Observer: "wire"}, ""},
		"another is missing":            {blind, fixture.Kill{Verdict: hop.Inconclusive, Observer: "server"}, "server is not who shows it"},
		"nobody noticed":                {mtlsCheck(), fixture.Kill{Verdict: hop.Mismatch, Observer: "wire"}, "is PASS, not MISMATCH"},
	} {
		t.Run(name, func(t *testing.T) {
			why := verdict.NotKilled(test.kill, played("a-case", test.check))
			if (why == "") != (test.because == "") || !strings.Contains(why, test.because) {
				t.Errorf("got %q, want %q", why, test.because)
			}
		})
	}
}

func TestAKillBySettlingIsAChangeThatDidNotSettle(t *testing.T) {
	kill := fixture.Kill{Case: "a-case", Verdict: hop.Inconclusive, Observer: fixture.Settling}
	unsettled := verdict.Case{ID: "a-case", Changes: []verdict.Change{{Act: "apply"}, {Act: "revert", Settled: verdict.Settled{Failed: "no marker"}}}}
	unsettled.Conclude()
	if why := verdict.NotKilled(kill, unsettled); why != "" {
		t.Error(why)
	}
	blind := mtlsCheck()
	blind.Observers.Wire = nil
	if why := verdict.NotKilled(kill, played("a-case", blind)); !strings.Contains(why, "settling is not who shows it") {
		t.Errorf("a missing observer: %q", why)
	}
	if why := verdict.NotKilled(kill, played("a-case", mtlsCheck())); !strings.Contains(why, "is PASS, not INCONCLUSIVE") {
		t.Errorf("a case that settled: %q", why)
	}
}

func TestAMutantIsJudgedByAllItsCases(t *testing.T) {
	green := played("green", mtlsCheck())
	forged := plainCheck(hop.Plain)
	forged.Observers.Application.Says = hop.MTLS
	noticed := played("noticed", forged)
	blind := mtlsCheck()
	blind.Observers.Wire = nil
	unsure := played("unsure", blind)
	lossy := played("lossy", mtlsCheck())
	lossy.Traffic = &hop.Traffic{Requests: 100, Unanswered: 1}
	lossy.Conclude()
	settling := mtlsCheck()
	settling.Settled.Failed = "no push"
	unsettled := played("unsettled", settling)
	otherwise := refusedCheck(hop.Gateway)
	otherwise.Observers.Server.Refusal = hop.NotTLS
	otherCause := played("other-cause", otherwise)
	taken := verdict.Case{ID: "taken", Rejections: []verdict.Rejection{{Wanted: "no", Intent: "because"}}}
	taken.Rejections[0].Judge()
	taken.Conclude()
	kill := fixture.Kill{Case: "noticed", Verdict: hop.Mismatch, Observer: "application"}
	for name, test := range map[string]struct {
		declared fixture.Mutant
		before   verdict.Case
		under    []verdict.Case
		result   verdict.MutantResult
		because  string
	}{
		"killed, and the other green":    {fixture.Mutant{Kills: []fixture.Kill{kill}, Spares: []string{"green"}}, green, []verdict.Case{noticed, green}, verdict.Killed, "noticed noticed"},
		"not noticed":                    {fixture.Mutant{Kills: []fixture.Kill{{Case: "green", Verdict: hop.Fail, Observer: "wire"}}}, green, []verdict.Case{green}, verdict.Survived, "green is PASS, not FAIL"},
		"one that must be green is not":  {fixture.Mutant{Kills: []fixture.Kill{kill}, Spares: []string{"unsure"}}, green, []verdict.Case{noticed, unsure}, verdict.Survived, "unsure must stay green"},
		"a red baseline":                 {fixture.Mutant{Kills: []fixture.Kill{kill}}, noticed, []verdict.Case{noticed}, verdict.Red, "before the sabotage noticed is MISMATCH"},
		"a lost request names nobody":    {fixture.Mutant{}, green, []verdict.Case{lossy}, verdict.Survived, "none of 1 cases noticed"},
		"a restart names nobody":         {fixture.Mutant{Layer: fixture.ObserverLayer}, green, []verdict.Case{unsettled}, verdict.Survived, "none of 1 cases noticed"},
		"another cause is shown":         {fixture.Mutant{}, green, []verdict.Case{otherCause}, verdict.Killed, "other-cause noticed"},
		"a policy that was taken":        {fixture.Mutant{}, green, []verdict.Case{taken}, verdict.Killed, "taken noticed"},
		"any case will do":               {fixture.Mutant{}, green, []verdict.Case{green, noticed}, verdict.Killed, "noticed noticed"},
		"no case did":                    {fixture.Mutant{}, green, []verdict.Case{green}, verdict.Survived, "none of 1 cases noticed"},
		"not knowing is not noticing":    {fixture.Mutant{Layer: fixture.PolicyLayer}, green, []verdict.Case{unsure}, verdict.Survived, "none of 1 cases noticed"},
		"save where an observer is hurt": {fixture.Mutant{Layer: fixture.ObserverLayer}, green, []verdict.Case{unsure}, verdict.Killed, "unsure noticed"},
	} {
		t.Run(name, func(t *testing.T) {
			var m verdict.Mutant
			m.Add(verdict.Before, test.before)
			under := map[string]verdict.Case{}
			for _, c := range test.under {
				under[c.ID] = c
				m.Add(verdict.Under, c)
			}
			m.Judge(test.declared, under)
			if m.Result != test.result || !strings.Contains(m.Reason, test.because) {
				t.Errorf("got %s: %s\nwant %s: %s", m.Result, m.Reason, test.result, test.because)
			}
			if len(m.Played) != len(test.under)+1 {
				t.Errorf("%d cases are told of", len(m.Played))
			}
		})
	}
}

// A proxy that no change reaches can contradict the policies; that all agree proves nothing of it.
func TestAProxyThatIsCutOffNeverMakesAPass(t *testing.T) {
	agreed := mtlsCheck()
	agreed.Settled.Detached = []string{"default/product-service"}
	agreed.Judge()
	if agreed.Result != hop.Inconclusive || !strings.Contains(agreed.Reason, "no stream to istiod: default/product-service") {
		t.Errorf("all agree: %s %s", agreed.Result, agreed.Reason)
	}
	stale := plainCheck(hop.Plain)
	stale.Settled.Detached = agreed.Settled.Detached
	stale.Want, stale.Intent.Says, stale.Cause = hop.Refused, hop.Refused, hop.NoFilterChain
	stale.Judge()
	if stale.Result != hop.Mismatch || len(stale.StandsOut) != 1 || stale.StandsOut[0] != "intent" || !strings.Contains(stale.Reason, "no stream to istiod") {
		t.Errorf("it goes by what it has: %s %v %s", stale.Result, stale.StandsOut, stale.Reason)
	}
	c := verdict.Case{Checks: []verdict.Check{mtlsCheck()}, Changes: []verdict.Change{{Act: "revert", Settled: verdict.Settled{Detached: agreed.Settled.Detached}}}}
	c.Checks[0].Judge()
	if c.Conclude(); c.Result != hop.Inconclusive {
		t.Errorf("a revert that did not reach it: %s", c.Result)
	}
}

// Of two who name different connections the third tells who stands alone.
func TestWhoNamesAnotherConnectionStandsAlone(t *testing.T) {
	other := netip.MustParseAddrPort("10.244.0.9:1")
	for name, test := range map[string]struct {
		edit func(*verdict.Check)
		want []string
	}{
		"the client":            {func(c *verdict.Check) { c.Observers.Client.Conn.Source = other }, []string{"client"}},
		"the server":            {func(c *verdict.Check) { c.Observers.Server.Conn.Source = other }, []string{"server"}},
		"one of two":            {func(c *verdict.Check) { c.Observers.Server.Conn.Source, c.Observers.Wire = other, nil }, []string{"client", "server"}},
		"the wire never had it": {func(c *verdict.Check) { c.Observers.Wire.Says = hop.Absent }, []string{"wire"}},
		"a client that was passed": {func(c *verdict.Check) {
			*c = plainCheck(hop.Sidecar)
			c.Observers.Client = &hop.Observation{Source: hop.Client, Says: hop.Absent}
		}, []string{"client"}},
	} {
		check := mtlsCheck()
		test.edit(&check)
		check.Judge()
		if check.Result != hop.Mismatch || !slices.Equal(check.StandsOut, test.want) {
			t.Errorf("%s: %s %v: %s", name, check.Result, check.StandsOut, check.Reason)
		}
	}
}

func TestConfigurationThatIsNotDecidedIsMissing(t *testing.T) {
	check := mtlsCheck()
	check.Config.Says, check.Config.Why = "", "a chain matches by source"
	if check.Judge(); check.Result != hop.Inconclusive || !strings.Contains(check.Reason, "config has nothing to say: a chain matches by source") {
		t.Errorf("%s: %s", check.Result, check.Reason)
	}
}
