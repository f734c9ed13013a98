// Package page renders a report as one page that needs no other file and no network. Without a script it has every case and check with
// its reason; what a green one shows when it is looked at closely takes the script.
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
	"sorted":       func(names []string) []string { return sorted(slices.Clone(names)) },
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
	Frame    document.Frame
	Headline string
	Counts   []counted
	Few      bool        // cases are not green, so that all of them are open
	Sorted   []shownCase // those that need attention first
	Labels   []string    // of all cases
	Rules    []oracle.Rule
	Redacted bool

	Mesh      mesh
	Hops      hopTable
	Traffic   *traffic // while Istio moved; nil where it did not
	Leases    *leases
	Sabotages *sabotages
	Past      *past // runs before; nil where none is known
	Chart     chart
	Fragments fragments
}

// Write writes the page. The same report and what is beside it give the same page, byte for byte.
func Write(out io.Writer, r report.Report, beside Beside) error {
	v := view{
		Report:    r,
		Redacted:  beside.Redacted,
		Frame:     document.NewFrame("mTLS conformance: "+string(r.Result), all(styles), all(scripts)),
		Headline:  headline(r),
		Counts:    counts(r),
		Few:       len(r.Cases)-r.Summary.Pass-r.Summary.Skipped <= fewAtMost,
		Mesh:      meshOf("The mesh as a picture, over all cases", r.Cases...),
		Hops:      hopsOf(r),
		Traffic:   trafficOf(r.Upgrade),
		Leases:    leasesOf(r),
		Sabotages: sabotagesOf(r),
		Past:      pastOf(beside.History, r),
		Chart:     pathsOf(beside.Chart, r),
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
