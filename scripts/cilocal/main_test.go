package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const calling = `
name: pr
on: {pull_request: }
jobs:
  b: {uses: ./called.yaml, with: {cell: quick}}
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: 1
    steps:
    - uses: actions/checkout@0123 # v5
      with: {persist-credentials: false}
    - run: make test
`

const called = `
name: e2e
on: {workflow_call: {inputs: {cell: {type: string, required: true}, lane: {type: string, default: auto}}}}
jobs:
  cell:
    runs-on: ubuntu-24.04
    timeout-minutes: 1
    env: {CELL: "${{ inputs.cell }}", LANE: "${{ inputs.lane }}"}
    steps:
    - run: make cell
    - {run: make summary, if: always()}
`

func TestTheJobsOfAWorkflowAndOfThoseThatItCalls(t *testing.T) {
	jobs, err := read(fstest.MapFS{"pr.yaml": {Data: []byte(calling)}, "called.yaml": {Data: []byte(called)}}, "pr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(jobs) != 2 || jobs[0].name != "pr/a" || jobs[1].name != "e2e/cell" || len(jobs[0].steps) != 1 || len(jobs[1].steps) != 2 {
		t.Fatalf("%+v", jobs)
	}
	if cell := jobs[1].steps[0]; cell.run != "make cell" || cell.always || cell.env["CELL"] != "quick" || cell.env["LANE"] != "auto" || !jobs[1].steps[1].always {
		t.Errorf("%+v", jobs[1])
	}
}

func TestWhatIsNotKnownIsRefused(t *testing.T) {
	for name, of := range map[string]struct{ old, instead, why string }{
		"action":     {"actions/checkout@0123", "someone/else@0123", `step 1 uses "someone/else@0123"`},
		"key":        {"timeout-minutes: 1", "container: {image: x}", "field container not found"},
		"expression": {"make test", "make ${{ github.ref }}", "expression ${{ github.ref }} is not known"},
		"condition":  {"- run: make test", "- {run: make test, if: failure()}", "if: failure() is not known"},
		"other's":    {"uses: ./called.yaml", "uses: owner/name/called.yaml@0123", `uses "owner/name/called.yaml@0123"`},
		"input":      {"with: {cell: quick}", "with: {cells: quick}", "input cell is not given"},
	} {
		files := fstest.MapFS{"pr.yaml": {Data: []byte(strings.Replace(calling, of.old, of.instead, 1))}, "called.yaml": {Data: []byte(called)}}
		if _, err := read(files, "pr.yaml"); err == nil || !strings.Contains(err.Error(), of.why) {
			t.Errorf("%s: %v, want %s", name, err, of.why)
		}
	}
}

func TestTheWorkflowsOfThisRepositoryAreKnown(t *testing.T) {
	jobs, err := read(os.DirFS("../.."), ".github/workflows/pr.yaml")
	if err != nil || len(jobs) != 2 {
		t.Errorf("%+v, %v", jobs, err)
	}
}

// repository is a clone with one commit.
func repository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "committed"), []byte("yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"init", "--quiet"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "one"}} {
		command := exec.Command("git", arguments...)
		command.Dir = folder
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", arguments, err, said)
		}
	}
	return folder
}

func TestAJobIsDoneInAFreshClone(t *testing.T) {
	from := repository(t)
	if err := os.WriteFile(filepath.Join(from, "left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAKEFLAGS", "CELL=other")
	t.Setenv("FOCUS", "one")
	var out bytes.Buffer
	err := do(t.Context(), job{name: "j", steps: []command{
		{run: `cat committed; ls; echo "flags=$MAKEFLAGS $CELL $FOCUS"`, env: map[string]string{"CELL": "quick"}},
		{run: "echo early\nfalse\necho late"},
		{run: "echo never"},
		{run: `echo summary >> "$GITHUB_STEP_SUMMARY"`, always: true},
	}}, commit{from, "HEAD"}, &out)
	if !errors.Is(err, errFailed) {
		t.Error(err)
	}
	for text, want := range map[string]bool{"\nyes\n": true, "\nleft\n": false, "\nflags= quick \n": true, "\nearly\n": true, "\nlate\n": false, "\nnever\n": false, "== exit status 1, 0 s": true} {
		if strings.Contains(out.String(), text) != want {
			t.Errorf("%q in the output is not %v:\n%s", text, want, out.String())
		}
	}
	if strings.Count(out.String(), "== passed, 0 s") != 2 {
		t.Error(out.String())
	}
	_, left, _ := strings.Cut(strings.TrimSpace(out.String()), "left ")
	if err := os.RemoveAll(filepath.Dir(left)); err != nil {
		t.Error(err)
	}
}
