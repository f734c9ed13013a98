// Package page renders a report as one page that needs no other file, no network, and no script to say all that it has to say.
package page

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/document"
	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/e2e/pure/verdict"
)

// File is the name of the page under the artifacts folder.
const File = "report.html"

var (
	//go:embed *.html
	templates embed.FS
	//go:embed *.css
	styles embed.FS
	//go:embed *.js
	scripts embed.FS
)

var pageTemplate = document.Parse("page.html", templates, template.FuncMap{
	"lower":        func(result hop.Result) string { return strings.ToLower(string(result)) },
	"symbol":       report.Symbol,
	"strip":        strip,
	"lock":         lockOf,
	"causes":       func() []explain.Cause { return explain.Causes },
	"cause":        func(check verdict.Check) *explain.Cause { return explain.Find(report.CauseOf(check)) },
	"policyLines":  policyLines,
	"refused":      func(check verdict.Check) *explain.Cause { return explain.Find(string(check.Cause)) },
	"shortCommit":  report.ShortCommit,
	"stages":       report.Stages,
	"worstChanges": tlsdiff.WorstFirst,
	"said":         tlsdiff.Text,
	"base":         path.Base,
	"unit":         func(x float64) string { return fmt.Sprintf("%.1f", x) },
	"seconds":      func(s float64) string { return fmt.Sprintf("%.1f s", s) },
})

// fewAtMost is how many cases that are not green have place on a page that is read from its begin to its end.
const fewAtMost = 25

// view is what the page is made of.
type view struct {
	report.Report
	Headline string
	Counts   []counted
	Sorted   []shownCase // those that need attention first
	Mesh     mesh
	Hops     hopTable
	Chart    chart
	Past     *past // runs before; nil where none is known
	Few      bool  // cases are not green, so that all of them are open
	Frame    document.Frame

	Leases    *leases
	Sabotages *sabotages
	Traffic   *traffic
	Fragments fragments
	Labels    []string
	Rules     []oracle.Rule
}

// counted is how many cases have a result.
type counted struct {
	Result hop.Result
	Cases  int
}

// Write writes the page. The same report and what is beside it give the same page, byte for byte.
func Write(out io.Writer, r report.Report, beside Beside) error {
	v := view{
		Past:   pastOf(beside.History, r),
		Report: r, Headline: headline(r), Counts: counts(r), Hops: hopsOf(r), Mesh: meshOf("The mesh as a picture, over all cases", r.Cases...), Chart: pathsOf(beside.Chart, r),
		Leases: leasesOf(r), Sabotages: sabotagesOf(r), Traffic: trafficOf(r.Upgrade),
		Few:       len(r.Cases)-r.Summary.Pass <= fewAtMost,
		Frame:     document.NewFrame("mTLS conformance: "+string(r.Result), all(styles), all(scripts)),
		Fragments: fragments{numbers: map[template.HTML]int{}},
	}
	for _, c := range worstFirst(r.Cases) {
		shown, err := v.showCase(c, beside.Evidence[c.ID])
		if err != nil {
			return err
		}
		v.Sorted = append(v.Sorted, shown)
		v.Labels = append(v.Labels, shown.Labels...)
		v.Rules = append(v.Rules, shown.Rules...)
	}
	v.Labels, v.Rules = sorted(v.Labels), sorted(v.Rules)
	return document.Write(out, pageTemplate, v)
}

// sorted are the values, each once.
func sorted[T cmp.Ordered](values []T) []T {
	slices.Sort(values)
	return slices.Compact(values)
}

// all is the text of the embedded files of a kind, in the order of their names.
func all(files embed.FS) string {
	var text strings.Builder
	_ = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		text.Write(content)
		return err
	})
	return text.String()
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
