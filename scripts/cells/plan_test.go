package main

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
)

var offered = []pair{
	{"1.31.1", "v1.37.0"}, {"1.31.1", "v1.36.4"}, {"1.31.1", "v1.35.8"}, {"1.30.5", "v1.36.4"}, {"1.30.5", "v1.35.8"}, {"1.29.9", "v1.34.1"},
}

func TestTheCellsOfAWorkflow(t *testing.T) {
	all := []job{
		{Job: "full", Make: "e2e-full", Every: true, Workflows: []string{"nightly"}},
		{Job: "chaos", Make: "e2e", Workflows: []string{"nightly"}},
		{Job: "upgrade canary", Make: "e2e-upgrade", Workflows: []string{"nightly", "upgrade"}},
	}
	cells, err := plan(all, "nightly", offered, "", "")
	want := []string{
		"full istio-1.31 kubernetes-1.37", "full istio-1.31 kubernetes-1.35",
		"full istio-1.30 kubernetes-1.36", "full istio-1.30 kubernetes-1.35",
		"full istio-1.29 kubernetes-1.34",
		"chaos istio-1.31 kubernetes-1.37", "upgrade canary istio-1.30-to-1.31 kubernetes-1.36",
	}
	if err != nil || !slices.Equal(cells, want) {
		t.Errorf("%q, %v", cells, err)
	}
}

func TestAnUpgradeThatCannotBeIsRefused(t *testing.T) {
	for _, of := range []struct{ from, to, why string }{
		{"1.29", "1.30", "no Kubernetes is offered with both Istio 1.29 and Istio 1.30"},
		{"", "1.29", "no minor before 1.29 is offered"},
		{"1.30", "1.32", "no Kubernetes is offered with both Istio 1.30 and Istio 1.32: 1.31, 1.30, 1.29 are"},
	} {
		if cells, err := plan(jobs(), "upgrade", offered, of.from, of.to); err == nil || !strings.Contains(err.Error(), of.why) {
			t.Errorf("%q, %v, want %s", cells, err, of.why)
		}
	}
	if cells, err := plan(jobs(), "none", offered, "", ""); err == nil {
		t.Errorf("%q", cells)
	}
}

func TestACellIsAskedOfMake(t *testing.T) {
	for cell, want := range map[string]string{
		"quick":                            "e2e",
		"full istio-1.31 kubernetes-1.36":  "e2e-full versions-check ISTIO_VERSION=1.31 KIALI=1 KUBERNETES_VERSION=1.36",
		"chaos istio-1.31 kubernetes-1.36": "e2e ISTIO_VERSION=1.31 KUBERNETES_VERSION=1.36 LABELS=chaos",
		"upgrade canary lease istio-1.30-to-1.31 kubernetes-1.36": "e2e-upgrade FROM=1.30 KUBERNETES_VERSION=1.36 MODE=canary TO=1.31 TRAFFIC=lease",
	} {
		if got, err := words(jobs(), cell); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: make %q, %v, want %s", cell, got, err, want)
		}
	}
	for _, cell := range []string{"", "slow istio-1.31 kubernetes-1.36", "full istio-1.30-to-1.31 kubernetes-1.36", "upgrade canary istio-1.31 kubernetes-1.36"} {
		if got, err := words(jobs(), cell); err == nil {
			t.Errorf("%q: make %q", cell, got)
		}
	}
}

// A report is of the cell that its job was planned as, or the history knows it by another name.
func TestEveryCellThatIsPlannedCanBeRun(t *testing.T) {
	for _, j := range jobs() {
		for _, workflow := range j.Workflows {
			cells, err := plan(jobs(), workflow, offered, "", "")
			if err != nil {
				t.Fatal(err)
			}
			for _, cell := range cells {
				if history.ParseCell(cell).String() != cell {
					t.Errorf("%s is read as %s", cell, history.ParseCell(cell))
				}
				if _, err := words(jobs(), cell); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestEveryMutantOfAnUpgradeHasAJob(t *testing.T) {
	ids, err := upgrade.MutantIDs(fixtures.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if !slices.ContainsFunc(jobs(), func(j job) bool { return j.Settings["MUTANT"] == id && slices.Contains(j.Workflows, "upgrade") }) {
			t.Errorf("%s is in no job of cells.yaml", id)
		}
	}
}

func TestEveryModeOfAnUpgradeHasAJob(t *testing.T) {
	for _, mode := range upgrade.Modes {
		if !slices.ContainsFunc(jobs(), func(j job) bool { return j.Settings["MODE"] == string(mode) && slices.Contains(j.Workflows, "upgrade") }) {
			t.Errorf("%s is in no job of cells.yaml", mode)
		}
	}
}
