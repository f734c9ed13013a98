package verdict_test

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// routedCheck is a check of a tenth of the requests for another service port, all of whose sources agree.
func routedCheck() verdict.Check {
	check := mtlsCheck()
	check.Reaches, check.Requests = hop.ServicePort{Service: "reached", Port: 8080}, 7
	check.To = hop.ServicePort{Service: "called", Port: 8080}
	check.Intent.Routes = []hop.Route{{To: check.To, Share: 0.9}, {To: check.Reaches, Share: 0.1}}
	check.Config.Routes = []hop.Route{{To: check.Reaches, Share: 0.1, By: "routes 8080"}, {To: check.To, Share: 0.9, By: "routes 8080"}}
	return check
}

func TestADestinationOfRoutesIsJudgedByWhoCameThere(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*verdict.Check)
		result hop.Result
		reason string
	}{
		"as the objects ask": {func(*verdict.Check) {}, hop.Pass, "TLSv1.3"},
		"another share": {func(c *verdict.Check) { c.Config.Routes[0].Share, c.Config.Routes[1].Share = 0.2, 0.8 },
			hop.Mismatch, "sends 20 % of requests"},
		"the proxy leads there with nothing": {func(c *verdict.Check) { c.Config.Routes = []hop.Route{{To: c.To, Share: 1}} }, hop.Mismatch, "and it does not"},
		"another match":                      {func(c *verdict.Check) { c.Config.Routes[0].Match = "path prefix /a" }, hop.Mismatch, "with path prefix /a"},
		"no request came there": {func(c *verdict.Check) {
			c.Observers, c.Unreached = verdict.Observers{}, "none of 131 requests came there"
		},
			hop.Inconclusive, "none of 131 requests came there"},
		"none came there, and the share is another": {func(c *verdict.Check) { c.Unreached, c.Config.Routes[0].Share = "none came there", 0.2 },
			hop.Mismatch, "sends 20 % of requests"},
		"none came there, and the objects lead nowhere": {func(c *verdict.Check) {
			c.Unreached, c.Intent.Says, c.Intent.Missing, c.Intent.Routes = "none of 0 requests came there", "", "no route leads there", nil
		}, hop.Inconclusive, "none of 0 requests came there; intent is missing: no route leads there"},
		"none came there, and another outcome is asked": {func(c *verdict.Check) { c.Unreached, c.Want = "none came there", hop.Plaintext }, hop.Fail, "wanted plaintext"},
	} {
		check := routedCheck()
		row.change(&check)
		check.Judge()
		if check.Result != row.result || !strings.Contains(check.Reason, row.reason) {
			t.Errorf("%s: %s %s, want %s %s", name, check.Result, check.Reason, row.result, row.reason)
		}
	}
}
