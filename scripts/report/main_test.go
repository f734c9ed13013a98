package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// stored is a folder with a report.json.
func stored(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	r := report.Fold(report.Run{Verdicts: map[string]report.Case{"a": {Case: verdict.Case{ID: "a", Title: "A title", Result: hop.Pass}}}})
	if err := artifact.Write(filepath.Join(folder, report.File), r.Encode); err != nil {
		t.Fatal(err)
	}
	return folder
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
		page, err := os.ReadFile(filepath.Join(folder, page.File))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, string(page))
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
	for _, part := range []string{"A title", "client-1 -&gt; service-1:80", "F  a in ", "are pseudonyms"} {
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
