package page

import (
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/oracle"
)

// policyLine is a line of a policy, and whether it decides.
type policyLine struct {
	Text    string
	Decides bool
}

// policyLines are the lines of a policy's text; none of one without.
func policyLines(p oracle.Policy) []policyLine {
	var all []policyLine
	number := 0
	for line := range strings.Lines(p.Text) {
		number++
		all = append(all, policyLine{strings.TrimRight(line, "\n"), slices.Contains(p.Lines, number)})
	}
	return all
}
