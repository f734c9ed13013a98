package report

import (
	"strings"
	"unicode"

	"mtls.test/conformance/e2e/pure/hop"
)

// Colour wraps the text of a result for a terminal; None leaves it.
type Colour func(result hop.Result, text string) string

// None is for output that is no terminal.
func None(_ hop.Result, text string) string { return text }

// Symbol tells a result without colour.
func Symbol(result hop.Result) string {
	switch result {
	case hop.Pass:
		return "✓"
	case hop.Fail:
		return "✗"
	case hop.Mismatch:
		return "≠"
	case hop.Skipped:
		return "–"
	}
	return "?"
}

func padded(colour Colour, result hop.Result) string {
	width := len(hop.Inconclusive) + 2
	return colour(result, string(result)) + strings.Repeat(" ", max(1, width-len(result)))
}

// line is a text as one line of a table, without what a terminal would obey.
func line(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\t' }), "; ")
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text))
	if len(runes) <= widest {
		return string(runes)
	}
	return string(runes[:widest]) + "…"
}
