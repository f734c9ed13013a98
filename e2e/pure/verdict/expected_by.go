package verdict

import "fmt"

// ExpectedBy is whose word an expectation is.
type ExpectedBy string

// Who expects. Where the oracle does, PASS means that the mesh does what our model of Istio says of the policies in force: the
// oracle is then both the expectation and one of the sources.
const (
	ByCase   ExpectedBy = "" // the case, by its source
	ByOracle ExpectedBy = "the oracle, from the policies in force"
)

// marked adds to a reason that the expectation is not the case's.
func (e ExpectedBy) marked(reason string) string {
	if e == ByCase {
		return reason
	}
	return fmt.Sprintf("%s; expected by %s", reason, e)
}

// OracleExpects counts the checks whose expectation is the oracle's.
func (c *Case) OracleExpects() int {
	count := 0
	for _, check := range c.Checks {
		if check.ExpectedBy == ByOracle {
			count++
		}
	}
	return count
}
