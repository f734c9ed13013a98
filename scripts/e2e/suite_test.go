package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/timeout"
)

func TestTheSuiteIsToldTheFactorOfTheTimeLimits(t *testing.T) {
	for given, want := range map[string]string{"": "TIMEOUT_FACTOR=1", "2.5": "TIMEOUT_FACTOR=2.5"} {
		chosen, err := readSettings(from(map[string]string{timeout.Variable: given}), "/repo")
		if err != nil {
			t.Fatal(err)
		}
		r := program{settings: chosen}
		if told := r.suiteVariables("handover.json"); !slices.Contains(told, want) {
			t.Errorf("%s=%s: the suite is told %v, want %s", timeout.Variable, given, told, want)
		}
	}
}

func TestGinkgoIsGivenTheLimitsOfTheSuite(t *testing.T) {
	t.Cleanup(func() { timeout.Scale(1) })
	for by, want := range map[timeout.Factor][]string{
		1: {"--timeout=1h0m0s", "--grace-period=1m0s"},
		2: {"--timeout=2h0m0s", "--grace-period=2m0s"},
	} {
		timeout.Scale(by)
		screen, _ := plainConsole()
		r := program{screen: screen}
		for _, flag := range want {
			if arguments := r.ginkgoArguments(""); !slices.Contains(arguments, flag) {
				t.Errorf("factor %v: %v, want %s", by, arguments, flag)
			}
		}
	}
}

func TestGinkgoSaysNothingOfSkippedCasesAboveALiveLine(t *testing.T) {
	const flag = "--silence-skips"
	plain, _ := plainConsole()
	lively, _ := terminalOf(80)
	for screen, want := range map[*console]bool{plain: false, lively: true} {
		r := program{screen: screen}
		if got := slices.Contains(r.ginkgoArguments(""), flag); got != want {
			t.Errorf("%s is given: %t, want %t", flag, got, want)
		}
	}
}

// A script stands for Ginkgo and the suite.
func TestARoundIsToldWhileItRuns(t *testing.T) {
	screen, to := plainConsole()
	r := &program{home: filepath.Join(t.TempDir(), "clusters"), root: t.TempDir(), screen: screen, children: new(children), settings: settings{values: map[string]string{}}}
	r.durations = durationsIn(r.home, "here")
	writeFiles(t, r.work(), map[string]string{"ginkgo": `#!/bin/sh
printf 'Will run 2 of 3 specs\n\n'
echo '{"cases": 2, "running": "b", "ended": [{"name": "a", "result": "FAIL", "reason": "because"}]}' >"$MTLS_PROGRESS"
printf 'FAIL!'
exit 1
`})
	if err := os.Chmod(r.ginkgoBinary(), 0o755); err != nil {
		t.Fatal(err)
	}
	told := new(record)
	if err := r.round(t.Context(), broughtUp{}, told, ""); err != nil || told.suiteEnd != "ginkgo: exit status 1" {
		t.Errorf("round: %v, the suite's end %q", err, told.suiteEnd)
	}
	for _, want := range []string{"Will run 2 of 3 specs\n\n", "  FAIL a: because\n", "FAIL!\n"} {
		if !strings.Contains(to.String(), want) {
			t.Errorf("%q is lacking in\n%s", want, to)
		}
	}
	wantPlain(t, to)
}
