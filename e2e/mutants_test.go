//go:build e2e

package e2e

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/proof"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/runner/trial"
	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

func describeMutants(files fs.FS) {
	Describe("The suite", Serial, func() {
		for _, m := range mutants {
			limit := timeout.Mutant
			if len(m.Kills) == 0 {
				limit = timeout.MutantWhole
			}
			It(report.MutantText(m.ID, m.Title), Label(m.Labels()...), SpecTimeout(limit.Duration()), func(ctx SpecContext) {
				folder := filepath.Join(given.Artifacts, report.MutantsDir, m.ID)
				onlyOwn()
				judged, err := trialOf(files, m).Run(ctx, caseRunner, func(phase verdict.Phase, c fixture.Case, judged verdict.Case, evidence runner.Evidence) error {
					return keep(filepath.Join(folder, string(phase), c.ID), judged, evidence)
				})
				Expect(err).NotTo(HaveOccurred())
				Expect(artifact.WriteJSON(filepath.Join(folder, report.MutantFile), judged)).To(Succeed())
				leaves(judged.Verdict())
				Expect(judged.Result).To(Equal(verdict.Killed), judged.Reason)
			})
		}
	})
}

func trialOf(files fs.FS, m fixture.Mutant) trial.Trial {
	return trial.Trial{
		Saboteur: &sabotage.Saboteur{Kube: client, World: world, RunID: given.RunID, Agent: given.Agent, Shell: shell, Forge: caseRunner.Sender.Forge},
		Prover:   proof.Prover{Kube: client, World: world, Shell: shell},
		Files:    files, Mutant: m, Cases: casesFor(m),
	}
}

// casesFor are the cases that a mutant names, or all quick ones.
func casesFor(m fixture.Mutant) []fixture.Case {
	named := m.Named()
	var all []fixture.Case
	for _, c := range cases {
		quick := !slices.Contains(c.Labels, "slow") && !slices.Contains(c.Labels, "explore")
		if slices.Contains(named, c.ID) || len(named) == 0 && quick {
			all = append(all, c)
		}
	}
	return all
}

func shell(ctx context.Context, node, script string, environment ...string) ([]byte, error) {
	return proof.ByEngine(given.Engine)(ctx, node, script, environment...)
}
