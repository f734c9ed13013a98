package verdict

import "mtls.test/conformance/e2e/pure/hop"

func (c *Case) worsen(result hop.Result, reason string) {
	if severity[result] > severity[c.Result] {
		c.Result, c.Reason = result, reason
	}
}
