package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"lower": func(result hop.Result) string { return strings.ToLower(string(result)) },
	"said":  said,
	"sources": func() []hop.Source {
		return []hop.Source{hop.Client, hop.Probe, hop.Server, hop.Application, hop.Wire, hop.Stats}
	},
	"observer":   observer,
	"worstFirst": worstFirst,
	"stages":     stages,
	"seconds":    func(s float64) string { return fmt.Sprintf("%.1f s", s) },
}).Parse(page))

// WritePage writes report.html: everything on one page that needs no other file and no script.
func (r Report) WritePage(out io.Writer) error { return pageTemplate.Execute(out, r) }

// worstFirst sorts cases that need attention before green ones.
func worstFirst(cases []Case) []Case {
	return slices.SortedStableFunc(slices.Values(cases), func(a, b Case) int {
		switch {
		case a.Result == b.Result:
			return 0
		case verdict.Worse(a.Result, b.Result) == a.Result:
			return -1
		}
		return 1
	})
}

// said is an outcome as a person reads it, a refusal with its cause.
func said(outcome hop.Outcome, refusal hop.Refusal) string {
	switch {
	case outcome == "":
		return "–"
	case refusal != "":
		return fmt.Sprintf("%s (%s)", outcome, refusal)
	}
	return string(outcome)
}

// observer is what an observer says of a check, as a cell of the page.
func observer(check verdict.Check, source hop.Source) string {
	seen := check.Observers.By(source)
	switch {
	case seen == nil:
		return ""
	case seen.Missing != "":
		return "missing: " + seen.Missing
	}
	return said(seen.Says, seen.Refusal)
}
