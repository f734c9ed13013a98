package main

import (
	"slices"
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
		r := program{}
		for _, flag := range want {
			if arguments := r.ginkgoArguments(""); !slices.Contains(arguments, flag) {
				t.Errorf("factor %v: %v, want %s", by, arguments, flag)
			}
		}
	}
}
