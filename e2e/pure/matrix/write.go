package matrix

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/document"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

// File is the name of the page.
const File = "matrix.html"

var (
	//go:embed matrix.html
	templates embed.FS
	//go:embed matrix.css
	style string
)

var pageTemplate = document.Parse(File, templates, template.FuncMap{
	"lower":   func(result hop.Result) string { return strings.ToLower(string(result)) },
	"symbol":  report.Symbol,
	"seconds": func(s float64) string { return fmt.Sprintf("%.1f s", s) },
})

// view is what the page is made of.
type view struct {
	Frame      document.Frame
	Result     hop.Result
	Headline   string
	Facts      []fact
	Kubernetes []string
	Rows       []row
	Findings   []finding
	Cells      []cell
	Across     int // columns of the table of cells
	Causes     []cause
	Alike      []alike
}

type fact struct{ What, Values string }

// row is a version of Istio; its cells are by version of Kubernetes, each the runs of all profiles and lanes.
type row struct {
	Istio, Envoy string
	Cells        [][]shownRun
}

// shownRun is a run in its cell.
type shownRun struct {
	Run
	Name   string
	Focus  string // of a run that played but a part
	Counts string
	On     string
}

// Write writes the page. The same runs give the same page, byte for byte, in whichever order they were given.
func (m Matrix) Write(out io.Writer) error {
	result := m.result()
	return document.Write(out, pageTemplate, view{
		Frame:  document.NewFrame("mTLS conformance by versions: "+string(result), style, ""),
		Result: result, Headline: m.headline(), Facts: m.facts(), Kubernetes: m.kubernetes(), Rows: m.rows(),
		Findings: findings(m.cells, m.subjects), Cells: m.cells, Across: 1 + len(m.cells), Causes: causesOf(m.subjects), Alike: alikes(m.cells, m.subjects),
	})
}

func (m Matrix) headline() string {
	runs, red, differing := m.runs(), 0, 0
	for _, run := range runs {
		if run.Report.Result != hop.Pass {
			red++
		}
	}
	for _, s := range m.subjects {
		if !s.alike() {
			differing++
		}
	}
	said := fmt.Sprintf("All %d runs are green", len(runs))
	if red > 0 {
		said = fmt.Sprintf("%d of %d runs are not green", red, len(runs))
	}
	if differing == 0 {
		return said + ", and nothing differs between the versions."
	}
	return fmt.Sprintf("%s; %d of %d cases, mutants and faults are not alike in all cells.", said, differing, len(m.subjects))
}

// facts are what the runs are of, each value once.
func (m Matrix) facts() []fact {
	all := []struct {
		what string
		of   func(report.Environment) string
	}{
		{"Istio", func(e report.Environment) string { return e.Istio }},
		{"Kubernetes", func(e report.Environment) string { return e.Kubernetes }},
		{"Envoy", func(e report.Environment) string { return e.Envoy }},
		{"profile", func(e report.Environment) string { return e.Profile }},
		{"lane", func(e report.Environment) string { return e.Lane }},
		{"suite", func(e report.Environment) string { return report.ShortCommit(e.Suite) }},
	}
	var facts []fact
	for _, one := range all {
		facts = append(facts, fact{one.what, cmp.Or(strings.Join(valuesOf(m.runs(), one.of), ", "), "–")})
	}
	return facts
}

// valuesOf are what runs have of something, each once.
func valuesOf(runs []Run, of func(report.Environment) string) []string {
	var all []string
	for _, run := range runs {
		if value := of(run.Report.Environment); value != "" && !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return all
}

// kubernetes are the versions of the columns, the newest first.
func (m Matrix) kubernetes() []string {
	var all []string
	for _, c := range m.cells {
		all = append(all, c.Kubernetes)
	}
	slices.SortFunc(all, func(a, b string) int { return compareVersions(b, a) })
	return slices.Compact(all)
}

func (m Matrix) rows() []row {
	columns := m.kubernetes()
	var all []row
	for _, c := range m.cells {
		istio := c.Istio
		if c.From != "" {
			istio = c.From + " to " + c.Istio
		}
		last := len(all) - 1
		if last < 0 || all[last].Istio != istio {
			all = append(all, row{Istio: istio, Cells: make([][]shownRun, len(columns))})
			last++
		}
		place := slices.Index(columns, c.Kubernetes)
		for _, run := range c.Runs {
			all[last].Cells[place] = append(all[last].Cells[place], show(run))
		}
	}
	for i, r := range all {
		var runs []Run
		for _, one := range slices.Concat(r.Cells...) {
			runs = append(runs, one.Run)
		}
		all[i].Envoy = strings.Join(valuesOf(runs, func(e report.Environment) string { return e.Envoy }), ", ")
	}
	return all
}

func show(run Run) shownRun {
	e := run.Report.Environment
	on := []string{"profile " + cmp.Or(e.Profile, "unknown"), "lane " + cmp.Or(e.Lane, "unknown")}
	if commit := report.ShortCommit(e.Suite); commit != "" {
		on = append(on, "suite "+commit)
	}
	return shownRun{Run: run, Name: nameOf(run.Report), Focus: e.Settings["FOCUS"], Counts: counts(run.Report), On: strings.Join(on, ", ")}
}

// counts says what the run had, and leaves out what there was none of.
func counts(r report.Report) string {
	s := r.Summary
	var words []string
	for _, one := range []struct {
		count int
		of    hop.Result
	}{{s.Pass, hop.Pass}, {s.Fail, hop.Fail}, {s.Mismatch, hop.Mismatch}, {s.Inconclusive, hop.Inconclusive}, {s.Skipped, hop.Skipped}} {
		if one.count > 0 {
			words = append(words, fmt.Sprintf("%d %s", one.count, one.of))
		}
	}
	if s.Checks > 0 {
		words = append(words, fmt.Sprintf("%d checks", s.Checks))
	}
	if r.Kills != nil {
		words = append(words, fmt.Sprintf("%d of %d mutants noticed", r.Kills.Killed, len(r.Mutants)))
	}
	if len(r.Faults) > 0 {
		words = append(words, fmt.Sprintf("%d faults", len(r.Faults)))
	}
	return cmp.Or(strings.Join(words, ", "), "no case")
}
