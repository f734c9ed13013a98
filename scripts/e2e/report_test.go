package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

const passed = `{"id": "a", "title": "t", "result": "PASS", "checks": [{"from": "gateway", "to": "product-service:8080", "result": "PASS"}]}`

// left makes a run whose artifacts are these.
func left(t *testing.T, files map[string]string) *program {
	t.Helper()
	r := &program{began: time.Now(), screen: newConsole(os.Stdout, os.Stderr), settings: settings{artifacts: t.TempDir(), values: map[string]string{"LANE": "source"}}}
	writeFiles(t, r.settings.artifacts, files)
	return r
}

func written(t *testing.T, r *program) report.Report {
	t.Helper()
	return reportIn(t, r.settings.artifacts)
}

func reportIn(t *testing.T, folder string) report.Report {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, report.File))
	if err != nil {
		t.Fatal(err)
	}
	told, err := report.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func TestAReportIsWrittenHoweverTheWorkEnds(t *testing.T) {
	ginkgo := `[{"SpecReports": [{"LeafNodeType": "It", "LeafNodeText": "a: t", "State": "passed"}]}]`
	for _, test := range []struct {
		name   string
		files  map[string]string
		fails  error
		result hop.Result
		code   int
	}{
		{"green", map[string]string{"ginkgo.json": ginkgo, "cases/a/verdict.json": passed}, nil, hop.Pass, 0},
		{"a red case", map[string]string{"ginkgo.json": ginkgo, "cases/a/verdict.json": strings.Replace(passed, "PASS", "FAIL", 1)}, nil, hop.Fail, 1},
		{"a spec without a verdict", map[string]string{"ginkgo.json": ginkgo}, nil, hop.Inconclusive, 1},
		{"a suite that died", map[string]string{"cases/a/verdict.json": passed}, nil, hop.Inconclusive, 1},
		{"a mesh that did not come up", nil, errors.New("no istiod"), hop.Inconclusive, 1},
		{"an engine that a person must install", nil, badInput(errors.New("no engine")), hop.Inconclusive, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := left(t, test.files)
			err := r.reported(t.Context(), func(*record) error { return test.fails })
			if got := exitCode(err); got != test.code {
				t.Errorf("exit %d (%v), want %d", got, err, test.code)
			}
			told := written(t, r)
			if told.Result != test.result {
				t.Errorf("result %s, want %s", told.Result, test.result)
			}
			if test.fails != nil && !strings.Contains(told.Reason, test.fails.Error()) {
				t.Errorf("reason %q", told.Reason)
			}
			for _, name := range []string{"junit.xml", "summary.md"} {
				if _, err := os.Stat(filepath.Join(r.settings.artifacts, name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAnInterruptedRunIsReportedAsSuch(t *testing.T) {
	r := left(t, map[string]string{"cases/a/verdict.json": passed})
	ctx, cancel := context.WithCancelCause(t.Context())
	err := r.reported(ctx, func(*record) error {
		cancel(interruptedError{syscall.SIGINT})
		return nil
	})
	if got := exitCode(err); got != 130 {
		t.Errorf("exit %d (%v)", got, err)
	}
	if told := written(t, r); told.Result != hop.Inconclusive || !strings.Contains(told.Reason, "stopped by SIGINT") {
		t.Errorf("%s: %s", told.Result, told.Reason)
	}
}
