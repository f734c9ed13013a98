package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

var github = map[string]string{"GITHUB_RUN_ID": "17", "GITHUB_SHA": "c0ffee", "GITHUB_RUN_ATTEMPT": "2", "ImageOS": "ubuntu24"}

func run(t *testing.T, arguments ...string) (status int, out, problems string) {
	t.Helper()
	var said, wrong bytes.Buffer
	status = execute(arguments, &said, &wrong, func(name string) string { return github[name] })
	return status, said.String(), wrong.String()
}

func reportOf(t *testing.T, folder string, result hop.Result) string {
	t.Helper()
	file := filepath.Join(folder, "report.json")
	err := artifact.WriteJSON(file, report.Report{
		RunID: "20261129-031700-ABCDEF", Result: result, Reason: "default-mesh: as it came", Environment: report.Environment{Istio: "1.31.0", Kubernetes: "v1.36.0"},
		Cases: []report.Case{{Case: verdict.Case{ID: "default-mesh", Result: result, Reason: "as it came"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAReportBecomesAHistoryAndAMorning(t *testing.T) {
	folder := t.TempDir()
	lines, kept, badge := filepath.Join(folder, "lines.jsonl"), filepath.Join(folder, "history.jsonl"), filepath.Join(folder, "badge.json")
	for _, want := range []struct {
		result hop.Result
		status int
		begins string
	}{{hop.Pass, exitGreen, "GREEN: 1 case in 1 cell"}, {hop.Fail, exitNotGreen, "RED: 1 failure of 1 case in 1 cell"}} {
		github["GITHUB_RUN_ID"] += "0"
		if status, _, problems := run(t, "lines", reportOf(t, folder, want.result), lines, "--cell", "full"); status != exitGreen {
			t.Fatal(problems)
		}
		for range 2 {
			if status, _, problems := run(t, "add", kept, lines); status != exitGreen {
				t.Fatal(problems)
			}
		}
		status, out, _ := run(t, "show", kept, "--badge", badge)
		if status != want.status || !strings.HasPrefix(out, want.begins) {
			t.Errorf("status %d: %s", status, out)
		}
		if _, err := os.Stat(badge); err != nil {
			t.Error(err)
		}
	}
	content, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(content), "\n"); got != 4 || !strings.Contains(string(content), `"cell":"full istio-1.31 kubernetes-1.36"`) || !strings.Contains(string(content), `"attempt":2`) {
		t.Errorf("%d lines:\n%s", got, content)
	}
	if status, out, _ := run(t, "grid", kept); status != exitGreen || !strings.Contains(out, ".F  default-mesh in full istio-1.31") {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken.jsonl")
	if err := os.WriteFile(broken, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"lines", reportOf(t, folder, hop.Pass), filepath.Join(folder, "other.jsonl"), "--cell", "full istio-1.30 kubernetes-1.36"},
		{"show", filepath.Join(folder, "none.jsonl")}, {"show", broken}, {"add", broken, broken}, {"lines", broken, broken}, {"show"}, {"other"},
	} {
		if status, out, problems := run(t, arguments...); status != exitInput || out != "" || !strings.HasPrefix(problems, "error: ") {
			t.Errorf("%v: status %d, %q, %q", arguments, status, out, problems)
		}
	}
	if content, err := os.ReadFile(broken); err != nil || string(content) != "{}\n" {
		t.Errorf("a history that is none was written over: %q, %v", content, err)
	}
}
