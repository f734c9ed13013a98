package forecast

import (
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

func TestACaseIsForeseeableWhereConfigurationAloneDecides(t *testing.T) {
	expects := func(expect fixture.Expect) []fixture.Step {
		return []fixture.Step{{Apply: []string{"policy.yaml"}}, {Expect: []fixture.Expect{expect}}}
	}
	for name, test := range map[string]struct {
		labels []string
		steps  []fixture.Step
		want   bool
	}{
		"an expectation":              {[]string{"policy", "wire"}, expects(fixture.Expect{Want: hop.MTLS}), true},
		"a label of no build":         {[]string{"policy"}, expects(fixture.Expect{Want: hop.MTLS}), false},
		"a connection from before":    {[]string{"smoke"}, expects(fixture.Expect{Want: hop.MTLS, On: "held"}), false},
		"Istio does otherwise":        {[]string{"smoke"}, expects(fixture.Expect{Want: hop.Plaintext, Documented: hop.MTLS}), false},
		"background traffic":          {[]string{"probe"}, []fixture.Step{{Traffic: fixture.Start}}, false},
		"a kept connection":           {[]string{"probe"}, []fixture.Step{{Connect: []fixture.Connection{{Name: "held"}}}}, false},
		"another account":             {[]string{"probe"}, []fixture.Step{{Account: &fixture.Account{}}}, false},
		"another authority":           {[]string{"probe"}, []fixture.Step{{Authority: &fixture.Authority{}}}, false},
		"a certificate of the mesh's": {[]string{"probe"}, []fixture.Step{{Renew: []string{"client"}}}, false},
	} {
		if got := len(Foreseeable([]fixture.Case{{ID: name, Labels: test.labels, Steps: test.steps}})) == 1; got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
