// Package page renders a report as one page that needs no other file, no network, and no script to say all that it has to say.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// File is the name of the page under the artifacts folder.
const File = "report.html"

var (
	//go:embed page.html
	markup string
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"lower":   func(result hop.Result) string { return strings.ToLower(string(result)) },
	"symbol":  report.Symbol,
	"strip":   strip,
	"causes":  func() []explain.Cause { return explain.Causes },
	"cause":   func(check verdict.Check) *explain.Cause { return explain.Find(report.CauseOf(check)) },
	"stages":  report.Stages,
	"seconds": func(s float64) string { return fmt.Sprintf("%.1f s", s) },
}).Parse(markup))

// fewAtMost is how many cases that are not green have place on a page that is read from its begin to its end.
const fewAtMost = 25

// view is what the page is made of.
type view struct {
	report.Report
	Headline string
	Counts   []counted
	Sorted   []report.Case // those that need attention first
	Hops     hopTable
	Grid     string // cases by runs
	Few      bool   // cases are not green, so that all of them are open
	Policy   string
	Style    template.CSS
	Script   template.JS
}

// counted is how many cases have a result.
type counted struct {
	Result hop.Result
	Cases  int
}

// Write writes the page, with the runs of a history where there is one. The same report and history give the same page, byte for byte.
func Write(out io.Writer, r report.Report, lines []history.Line) error {
	var grid strings.Builder
	if len(lines) > 0 {
		if err := history.Grid(&grid, lines, false); err != nil {
			return err
		}
	}
	return pageTemplate.Execute(out, view{
		Grid:   grid.String(),
		Report: r, Headline: headline(r), Counts: counts(r), Sorted: worstFirst(r.Cases), Hops: hopsOf(r), Few: len(r.Cases)-r.Summary.Pass <= fewAtMost,
		Policy: "default-src 'none'; style-src '" + hash(style) + "'; script-src '" + hash(script) + "'",
		Style:  template.CSS(style), Script: template.JS(script), // both are files of this package
	})
}

// hash is that of an element's text in a Content-Security-Policy (https://www.w3.org/TR/CSP3/#match-element-to-source-list).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// headline says in one sentence what the run came to.
func headline(r report.Report) string {
	s := r.Summary
	all := s.Pass + s.Fail + s.Mismatch + s.Inconclusive
	of := func(count int) string {
		if count == 1 {
			return fmt.Sprintf("1 of %d cases", all)
		}
		return fmt.Sprintf("%d of %d cases", count, all)
	}
	switch {
	case r.Result == hop.Pass && r.Upgrade != nil:
		return "The mesh stayed as it must be while Istio was upgraded."
	case r.Result == hop.Pass && all == 0:
		return "Everything that ran did what it must."
	case r.Result == hop.Pass:
		return fmt.Sprintf("Every connection did what its policies ask, in all %d cases.", all)
	case s.Mismatch > 0 && s.Fail > 0:
		return fmt.Sprintf("Connections do not do what is asked of them in %s; in %s policies, configuration and traffic contradict each other.", of(s.Fail), of(s.Mismatch))
	case s.Mismatch > 0:
		return fmt.Sprintf("In %s policies, configuration and traffic contradict each other.", of(s.Mismatch))
	case s.Fail > 0:
		return fmt.Sprintf("Connections do not do what is asked of them in %s.", of(s.Fail))
	case r.Cause != "":
		return "The run did not come to its end, so it says nothing of the whole."
	case r.Upgrade != nil:
		return "The mesh did not stay as it must be while Istio was upgraded."
	case r.Kills != nil && r.Kills.Survived > 0:
		return fmt.Sprintf("The suite did not notice %d of %d ways in which the mesh was sabotaged.", r.Kills.Survived, len(r.Mutants))
	case s.Inconclusive > 0:
		return fmt.Sprintf("What became of %s is not known for certain.", of(s.Inconclusive))
	}
	return "The run is not green, for another reason than its cases."
}

func counts(r report.Report) []counted {
	s := r.Summary
	all := []counted{{hop.Pass, s.Pass}, {hop.Fail, s.Fail}, {hop.Mismatch, s.Mismatch}, {hop.Inconclusive, s.Inconclusive}, {hop.Skipped, s.Skipped}}
	return slices.DeleteFunc(all, func(c counted) bool { return c.Cases == 0 })
}
