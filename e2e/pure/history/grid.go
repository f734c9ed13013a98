package history

import (
	"fmt"
	"io"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// signs are what a verdict is in the grid; a case that a run did not have is blank.
var signs = map[hop.Result]byte{hop.Pass: '.', hop.Fail: 'F', hop.Mismatch: 'M', hop.Inconclusive: '?', hop.Skipped: '-'}

// flakySign is of a case whose attempts in one run differ.
const flakySign = '~'

// Grid writes cases by runs, the oldest run to the left: whatever was red in one of them, or all cases.
func Grid(to io.Writer, lines []Line, all bool) error {
	runs := runsOf(lines)
	subjects := map[Subject]bool{}
	for _, r := range runs {
		for of, o := range r.outcomes {
			if all || o.wrong() {
				subjects[of] = true
			}
		}
	}
	if _, err := fmt.Fprintf(to, "%d runs; . PASS, F FAIL, M MISMATCH, ? INCONCLUSIVE, - SKIPPED, ~ attempts differ\n", len(runs)); err != nil {
		return err
	}
	for _, of := range inOrder(subjects) {
		var row strings.Builder
		for _, r := range runs {
			o, ran := r.outcomes[of]
			switch {
			case !ran:
				row.WriteByte(' ')
			case o.differs():
				row.WriteByte(flakySign)
			default:
				row.WriteByte(signs[o.verdict()])
			}
		}
		if _, err := fmt.Fprintf(to, "%s  %s\n", row.String(), of); err != nil {
			return err
		}
	}
	return nil
}
