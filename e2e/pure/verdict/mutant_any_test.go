package verdict_test

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestWhoSawAnotherCauseNoticedTheMutant(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*verdict.Check)
		observer []string // none where nobody noticed
	}{
		"nobody":   {func(*verdict.Check) {}, nil},
		"policies": {func(c *verdict.Check) { c.Intent.Refusal = hop.NotTLS }, []string{"intent"}},
		"policies of which Istio is known to do otherwise": {func(c *verdict.Check) { c.Intent.Refusal, c.Documented = hop.NotTLS, hop.Refused }, nil},
		"configuration": {func(c *verdict.Check) { c.Config.Refusal = hop.NotTLS }, []string{"config"}},
		"server":        {func(c *verdict.Check) { c.Observers.Server.Refusal = hop.NotTLS }, []string{"server"}},
		"policies and server": {func(c *verdict.Check) {
			c.Intent.Refusal, c.Observers.Server.Refusal = hop.NotTLS, hop.NotTLS
		}, []string{"intent+server"}},
	} {
		t.Run(name, func(t *testing.T) {
			check := refusedCheck(hop.Gateway)
			test.change(&check)
			green, under := played("case", refusedCheck(hop.Gateway)), played("case", check)
			var m verdict.Mutant
			m.Add(verdict.Before, green)
			m.Add(verdict.Under, under)
			m.Judge(fixture.Mutant{}, map[string]verdict.Case{"case": under})
			want := verdict.Killed
			if test.observer == nil {
				want = verdict.Survived
			}
			if m.Result != want || !slices.Equal(m.Observer, test.observer) {
				t.Errorf("%s by %q: %s", m.Result, m.Observer, m.Reason)
			}
		})
	}
}
