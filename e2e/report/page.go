package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/verdict"
)

//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"lower":  func(result hop.Result) string { return strings.ToLower(string(result)) },
	"wanted": wanted,
	"said":   said,
	"sources": func() []hop.Source {
		return []hop.Source{hop.Client, hop.Probe, hop.Server, hop.Application, hop.Wire, hop.Stats}
	},
	"observer": observer,
	"seconds":  func(s float64) string { return fmt.Sprintf("%.1f s", s) },
}).Parse(page))

// WritePage writes report.html: everything on one page that needs no other file and no script.
func (r Report) WritePage(out io.Writer) error { return pageTemplate.Execute(out, r) }

// said is an outcome as a cell of the page, with the cause of a refusal below it.
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
