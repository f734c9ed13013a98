package verdict

import "mtls.test/conformance/e2e/pure/hop"

// WorstFirst compares two results for a sort: negative where a is the worse one, 0 where they are alike.
func WorstFirst(a, b hop.Result) int { return severity[b] - severity[a] }

func (c *Case) worsen(result hop.Result, reason string) {
	if severity[result] > severity[c.Result] {
		c.Result, c.Reason = result, reason
	}
}
