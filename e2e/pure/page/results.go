package page

import (
	"slices"

	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// worstFirst sorts cases that need attention before green ones.
func worstFirst(cases []report.Case) []report.Case {
	return slices.SortedStableFunc(slices.Values(cases), func(a, b report.Case) int { return verdict.WorstFirst(a.Result, b.Result) })
}
