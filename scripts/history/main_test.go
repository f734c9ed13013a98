package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

var github = map[string]string{"GITHUB_RUN_ID": "17", "GITHUB_RUN_ATTEMPT": "2", "ImageOS": "ubuntu24"}

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
		RunID: "20261129-031700-ABCDEF", Result: result, Reason: "default-mesh: as it came", Environment: report.Environment{Suite: "c0ffee", Istio: "1.31.0", Kubernetes: "v1.36.0"},
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

// ghOf is a gh that knows the runs of a folder: their artifacts are folders. It takes the words that fetch.sh gives it, and no others.
const ghOf = `#!/usr/bin/env bash
set -euo pipefail
case "$1 $2" in
"api --paginate") run=${3%/artifacts}; ls "$RUNS/${run##*/}" ;;
"run list") test "$3 $4 $5 $6" = "--workflow nightly.yaml --branch main"; ls -r --ignore="$GITHUB_RUN_ID" "$RUNS" ;;
"run download")
  case $4 in
  --name) cp "$RUNS/$3/$5"/* "$7" ;;
  --pattern) for artifact in "$RUNS/$3"/$5; do cp -r "$artifact" "$7"; done ;;
  esac ;;
*) exit 1 ;;
esac
`

// fetched runs fetch.sh in a run of which these are the artifacts, beside those of runs before.
func fetched(t *testing.T, historian, id string, artifacts map[string]string) (string, error) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range artifacts {
		file := filepath.Join(folder, "runs", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "gh"), []byte(ghOf), 0o700); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("fetch.sh")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("bash", script, "history.jsonl")
	command.Dir = folder
	command.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), "RUNS="+filepath.Join(folder, "runs"), "HISTORIAN="+historian, "GITHUB_RUN_ID="+id,
		"GITHUB_WORKFLOW_REF=owner/name/.github/workflows/nightly.yaml@refs/heads/main", "GITHUB_REPOSITORY=owner/name", "GITHUB_REF_NAME=main")
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, said)
	}
	for name := range artifacts {
		if left, ofACell := strings.CutPrefix(name, id+"/artifacts-"); ofACell {
			if _, err := os.Stat(filepath.Join(folder, "cells", "artifacts-"+left)); err != nil {
				t.Errorf("what a cell left is gone: %v", err)
			}
		}
	}
	content, err := os.ReadFile(filepath.Join(folder, "history.jsonl"))
	return string(content), err
}

func TestTheHistoryOfAWorkflowIsFetched(t *testing.T) {
	historian := filepath.Join(t.TempDir(), "history")
	if said, err := exec.Command("go", "build", "-o", historian, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	line := func(run, cell string, attempt int) string {
		return fmt.Sprintf(`{"run":%q,"cell":%q,"case":"","attempt":%d,"began":"2026-11-0%sT00:00:00Z","verdict":"PASS","seconds":0,"on":{"suite":"","istio":"","kubernetes":"","profile":"","lane":"","settings":"","machine":""}}`+"\n", run, cell, attempt, run)
	}
	for name, of := range map[string]struct {
		artifacts map[string]string
		want      string
	}{
		"the first run": {
			map[string]string{"3/artifacts-full-1/history.jsonl": line("3", "full", 1), "3/artifacts-chaos-1/history.jsonl": line("3", "chaos", 1)},
			line("3", "chaos", 1) + line("3", "full", 1),
		},
		"the newest history that there is": {
			map[string]string{
				"1/history-1/history.jsonl": line("1", "old", 1), "2/artifacts-full-1/history.jsonl": line("2", "full", 1),
				"3/artifacts-full-1/history.jsonl": line("3", "full", 1), "3/artifacts-full-1/report.json": "{}",
			},
			line("1", "old", 1) + line("3", "full", 1),
		},
		"a second attempt": {
			map[string]string{
				"2/history-1/history.jsonl": line("2", "full", 1), "3/history-1/history.jsonl": line("2", "full", 1) + line("3", "full", 1),
				"3/artifacts-full-1/history.jsonl": line("3", "full", 1), "3/artifacts-full-2/history.jsonl": line("3", "full", 2),
			},
			line("2", "full", 1) + line("3", "full", 1) + line("3", "full", 2),
		},
		"no cell left anything": {map[string]string{"2/history-1/history.jsonl": line("2", "full", 1), "3/other/x": ""}, line("2", "full", 1)},
	} {
		if got, err := fetched(t, historian, "3", of.artifacts); err != nil || got != of.want {
			t.Errorf("%s: %v\n%swant\n%s", name, err, got, of.want)
		}
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
