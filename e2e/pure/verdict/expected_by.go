package verdict

import "fmt"

// ExpectedBy names the source of an expectation: the case or the oracle.
type ExpectedBy string

// The sources of an expectation. With the oracle, PASS means that the mesh does what our model of Istio derives from the
// policies in force: the oracle is then both the expectation and one of the sources.
const (
	ByCase   ExpectedBy = "" // the case, by its source
	ByOracle ExpectedBy = "the oracle, from the policies in force"
)

// marked adds a note to a reason where the expectation does not come from the case.
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
