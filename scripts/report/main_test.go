package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/artifact"
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

func TestBadInputIsNamed(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"html", broken}, {"json", broken}, {"html", broken + "x"}, {"html"}, {"other"}} {
		if status, out, problems := run(arguments...); status != exitInput || out != "" || !strings.HasPrefix(problems, "error: ") {
			t.Errorf("%v: status %d, %q, %q", arguments, status, out, problems)
		}
	}
}
