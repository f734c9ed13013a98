package report

import (
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Colour wraps the text of a result for a terminal; None leaves it.
type Colour func(result hop.Result, text string) string

// None is for output that is no terminal.
func None(_ hop.Result, text string) string { return text }

func padded(colour Colour, result hop.Result) string {
	width := len(hop.Inconclusive) + 2
	return colour(result, string(result)) + strings.Repeat(" ", max(1, width-len(result)))
}

// line is a reason as one line of a table.
func line(why string) string {
	runes := []rune(strings.Join(strings.FieldsFunc(why, func(r rune) bool { return r == '\n' || r == '\t' }), "; "))
	if len(runes) <= widest {
		return string(runes)
	}
	return string(runes[:widest]) + "…"
}
