package page

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

var update = flag.Bool("update", false, "write testdata/history.html")

func linesOf(t *testing.T, file string) []history.Line {
	t.Helper()
	lines, err := history.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// section is the section of the runs before, of a page.
func section(t *testing.T, r report.Report, lines []history.Line) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r, Beside{History: lines}); err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?s)<section>\n<h2 id="history">.*?</section>\n`).FindString(out.String())
}

// inCell is a report with a case, of the cell that testdata/history.jsonl is of.
func inCell(id string) report.Report {
	r := of(verdict.Case{ID: id, Result: hop.Pass})
	r.Environment = report.Environment{Istio: "1.31.0-eed52ebb66ad", Kubernetes: "v1.36.3"}
	return r
}

// Three runs were recorded: a green one, one on a cluster that had been broken by hand, and one after it; of each a few cases.
func TestRecordedRunsAreShownAsTheyWere(t *testing.T) {
	const file = "testdata/history.html"
	got := section(t, inCell("mesh-strict"), linesOf(t, "testdata/history.jsonl"))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("go test ./e2e/pure/page -update writes it:\n%s", got)
	}
	if links := regexp.MustCompile(`href="[^"]*"`).FindAllString(got, -1); len(links) != 1 || links[0] != `href="#case-mesh-strict"` {
		t.Errorf("the report has one of the cases, and links lead to %v", links)
	}
}

func TestWhatIsLeftOutOfTheRunsBeforeIsSaid(t *testing.T) {
	got := section(t, inCell("mesh-strict"), linesOf(t, "../history/testdata/thirty.jsonl"))
	for _, want := range []string{
		"Left out: 19 earlier runs, 7 cases with nothing of it.", `<td colspan="10" title="1.30.2, 1.31.0">1.30.2, 1.31.0</td><td colspan="1" title="1.31.1">1.31.1</td>`,
		`<b>new</b> in run <code>n29</code> of 2026-10-30, last green with suite <code>c0ffee1</code>`, "<b>slower</b>, 8.9 s before", "Did not run: istio-1.30/kubernetes-1.35.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "<a ") {
		t.Error("a case of another cell is linked to the one of this report")
	}
	if heads := strings.Count(got, `<th scope="col" class="run"`); heads != 11 {
		t.Errorf("%d runs", heads)
	}
}

func TestTheWorstCasesOfManyAreShown(t *testing.T) {
	var lines []history.Line
	for i := range 60 {
		lines = append(lines, history.Line{Run: "r", Cell: "c", Case: fmt.Sprintf("case-%02d", i), Attempt: 1, Began: time.Unix(0, 0).UTC(), Verdict: []hop.Result{hop.Inconclusive, hop.Fail}[i%2]})
	}
	got := section(t, of(good), lines)
	if rows := strings.Count(got, `<tr><th scope="row">`); rows != shownRows || !strings.Contains(got, "Left out: 10 further cases that are less bad, 0 cases with nothing of it.") {
		t.Errorf("%d rows:\n%s", rows, got)
	}
	if shown := strings.Count(got, ">FAIL</span></span></td>"); shown != 31 {
		t.Errorf("%d of 30 cases with FAIL, and their run", shown)
	}
}

func TestRunsInWhichNothingWasWrongAreASentence(t *testing.T) {
	line := history.Line{Run: "r", Cell: "c", Case: "a", Attempt: 1, Began: time.Unix(0, 0).UTC(), Verdict: hop.Pass}
	if got := section(t, of(good), []history.Line{line}); !strings.Contains(got, "No case was red in one of the last 1 runs, is flaky or slower.") || strings.Contains(got, "<table") {
		t.Error(got)
	}
	if got := section(t, of(good), nil); got != "" {
		t.Errorf("without a history there are runs before: %s", got)
	}
}

func TestMarkupOfAHistoryIsText(t *testing.T) {
	evil := `"><script>alert(1)</script>` + "\x00\x1b[31m\u202e'"
	line := history.Line{Run: evil, Cell: evil, Case: evil, Attempt: 1, Began: time.Unix(0, 0).UTC(), Verdict: hop.Fail, Reason: evil, On: history.Ground{Istio: evil, Suite: evil}}
	whole := line
	whole.Case = ""
	got := section(t, of(good), []history.Line{line, whole})
	if strings.Contains(got, "<script") || strings.ContainsAny(got, "\x00\x1b\u202e") || !strings.Contains(got, "alert(1)") {
		t.Error(got)
	}
}

func TestTheBarsBeginAtZero(t *testing.T) {
	got := barsOf([]history.Seen{{Result: hop.Skipped}, {Result: hop.Pass, Seconds: 5}, {}, {Result: hop.Fail, Seconds: 10}})
	want := "[{SKIPPED 0 21 6 1} {PASS 8 11 6 11} {FAIL 24 0 6 22}]"
	if fmt.Sprint(got.All) != want || got.Width != 30 || got.Last != 10 || got.Says != "0.0 s to 10.0 s" {
		t.Errorf("%+v, want %s", got, want)
	}
}
