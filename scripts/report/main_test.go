package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/matrix"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// stored is a folder with a report.json.
func stored(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	store(t, filepath.Join(folder, report.File), "20261129-031700-ABCDEF", "1.31.1")
	return folder
}

// store writes a report of a run with a version of Istio.
func store(t *testing.T, file, runID, istio string) {
	t.Helper()
	r := report.Fold(report.Run{
		RunID: runID, Environment: report.Environment{Istio: istio, Kubernetes: "v1.36.4"},
		Verdicts: map[string]report.Case{"a": {Case: verdict.Case{ID: "a", Title: "A title", Result: hop.Pass}}},
	})
	if err := artifact.Write(file, r.Encode); err != nil {
		t.Fatal(err)
	}
}

func textOf(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func run(arguments ...string) (status int, out, problems string) {
	var said, wrong bytes.Buffer
	status = execute(arguments, &said, &wrong)
	return status, said.String(), wrong.String()
}

func TestAStoredReportIsRenderedAgainByteForByte(t *testing.T) {
	folder := stored(t)
	var pages []string
	for range 2 {
		if status, _, problems := run("html", filepath.Join(folder, report.File)); status != 0 {
			t.Fatal(problems)
		}
		pages = append(pages, textOf(t, filepath.Join(folder, page.File)))
	}
	if pages[0] != pages[1] || !strings.Contains(pages[0], "A title") {
		t.Errorf("%s", pages[0])
	}
}

func TestAStoredReportIsPrintedWithEveryValueWhereItStands(t *testing.T) {
	status, out, problems := run("json", filepath.Join(stored(t), report.File))
	var r report.Report
	if err := json.Unmarshal([]byte(out), &r); status != 0 || err != nil || len(r.Cases) != 1 {
		t.Errorf("status %d, %s, %v: %s", status, problems, err, out)
	}
}

// A page that is shown leads to no file with names, and the page with names stays.
func TestAPageIsRenderedWithoutNames(t *testing.T) {
	folder := t.TempDir()
	check := verdict.Check{Hop: hop.Hop{From: "till", To: hop.ServicePort{Service: "orders", Port: 80}}, Result: hop.Fail, Reason: "till-7cbf684bd-v7fdf says plaintext"}
	r := report.Fold(report.Run{RunID: "20261129-142433-JVIJH4", Verdicts: map[string]report.Case{
		"a": {Case: verdict.Case{ID: "a", Title: "A title", Result: hop.Fail, Reason: "till -> orders:80: plaintext", Checks: []verdict.Check{check}}},
	}})
	past := []history.Line{{Run: r.RunID, Cell: "till-full", Case: "a", Attempt: 1, Began: time.Date(2026, 11, 29, 14, 24, 33, 0, time.UTC), Verdict: hop.Fail, Reason: "till -> orders:80: plaintext"}}
	for file, write := range map[string]func(io.Writer) error{
		report.File: r.Encode, history.File: func(to io.Writer) error { return history.Write(to, past) },
		"cases/a/till.log": func(io.Writer) error { return nil }, page.File: func(io.Writer) error { return nil },
	} {
		if err := artifact.Write(filepath.Join(folder, file), write); err != nil {
			t.Fatal(err)
		}
	}
	status, out, problems := run("html", filepath.Join(folder, report.File), "--history", filepath.Join(folder, history.File), "--redact")
	if want := filepath.Join(folder, redactedFile); status != 0 || out != want+"\n" {
		t.Fatalf("status %d, %s%s", status, out, problems)
	}
	shown, err := os.ReadFile(filepath.Join(folder, redactedFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"till", "orders", "v7fdf", "JVIJH4"} {
		if strings.Contains(string(shown), name) {
			t.Errorf("the page has %s", name)
		}
	}
	for _, part := range []string{"A title", "client-1 -&gt; service-1:80", "The runs before", "are pseudonyms"} {
		if !strings.Contains(string(shown), part) {
			t.Errorf("the page has no %q", part)
		}
	}
	if kept, err := os.ReadFile(filepath.Join(folder, page.File)); err != nil || len(kept) > 0 {
		t.Errorf("the page with names was written over: %v", err)
	}
	if status, out, problems = run("json", filepath.Join(folder, report.File), "--redact"); status != 0 || strings.Contains(out, "till") || !strings.Contains(out, `"from":"client-1"`) {
		t.Errorf("status %d, %s%s", status, problems, out)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"html", broken}, {"json", broken}, {"json", broken, "--redact"}, {"html", broken + "x"}, {"html"}, {"other"}} {
		if status, out, problems := run(arguments...); status != exitInput || out != "" || !strings.HasPrefix(problems, "error: ") {
			t.Errorf("%v: status %d, %q, %q", arguments, status, out, problems)
		}
	}
}

func TestAPageGoesWhereItIsAsked(t *testing.T) {
	folder := stored(t)
	to := filepath.Join(folder, "other.html")
	if status, out, problems := run("html", filepath.Join(folder, report.File), "--to", to); status != 0 || out != to+"\n" {
		t.Errorf("status %d, %s, %s", status, out, problems)
	}
	if page := textOf(t, to); !strings.Contains(page, "A title") {
		t.Error(page)
	}
}

// Reports of schema 4.3, as they are stored, and of this one are one page; it leads to the page of a run that lies beside its report.
func TestSeveralReportsAreOnePage(t *testing.T) {
	folder := t.TempDir()
	one, other := filepath.Join(folder, "one: of 2", report.File), filepath.Join(folder, "other", report.File)
	for file, istio := range map[string]string{one: "1.31.1", other: "1.30.5"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		store(t, file, "20261129-031700-"+istio, istio)
	}
	if status, _, problems := run("html", one); status != 0 {
		t.Fatal(problems)
	}
	packed, err := filepath.Glob("../versions/reports/*-v1.35.4-cases.json.zst")
	if err != nil || len(packed) != 2 {
		t.Fatal(packed, err)
	}
	files := append([]string{one, other}, packed...)
	beside, apart := filepath.Join(filepath.Dir(one), matrix.File), filepath.Join(folder, "all.html")
	for _, test := range []struct {
		to    string
		flags []string
		wants []string
	}{
		{beside, nil, []string{`<a href="report.html">20261129-031700-1.31.1</a>`, "<code>../other/report.json</code>"}},
		{apart, []string{"--to", apart}, []string{`<a href="./one:%20of%202/report.html">`, "<code>other/report.json</code>", "4 runs are green", "220 cases are PASS in 2 of 4 cells"}},
	} {
		if status, out, problems := run(slices.Concat([]string{"html"}, files, test.flags)...); status != 0 || out != test.to+"\n" {
			t.Fatalf("status %d, %s, %s", status, out, problems)
		}
		page := textOf(t, test.to)
		for _, want := range test.wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %s in\n%s", test.to, want, page)
			}
		}
	}
}

func TestReportsThatMakeNoMatrixAreNamed(t *testing.T) {
	folder := stored(t)
	file, again, broken, packed := filepath.Join(folder, report.File), filepath.Join(folder, "again.json"), filepath.Join(folder, "broken.json"), filepath.Join(folder, "broken.json.zst")
	if err := os.WriteFile(again, []byte(textOf(t, file)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{broken, packed} {
		if err := os.WriteFile(file, []byte("[]"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ arguments, wants []string }{
		{[]string{file, again}, []string{file, again, "the very same run, 20261129-031700-ABCDEF"}},
		{[]string{file, broken, packed, file + "x"}, []string{broken + ": not a report.json", packed + ": ", file + "x: no such file"}},
		{[]string{file, again, "--history", "history.jsonl"}, []string{"--history: it is shown with one report"}},
	} {
		status, out, problems := run(append([]string{"html"}, test.arguments...)...)
		if status != exitInput || out != "" {
			t.Errorf("%v: status %d, %s", test.arguments, status, out)
		}
		for _, want := range test.wants {
			if !strings.Contains(problems, want) {
				t.Errorf("%v: no %s in %s", test.arguments, want, problems)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(folder, matrix.File)); err == nil {
		t.Error("bad input leaves a page")
	}
}
