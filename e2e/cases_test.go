//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/existing"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Every case touches namespace default or the whole mesh, so no two run at once.
func describeCases() {
	Describe("A hop", Serial, func() {
		for _, c := range cases {
			It(report.SpecText(c.ID, c.Title), Label(c.Labels...), SpecTimeout(timeout.Case.Duration()), func(ctx SpecContext) {
				c := caseOf(c.ID)
				skipWithout(c)
				judged, evidence := caseRunner.Run(ctx, c)
				played := kept{folder: filepath.Join(given.Artifacts, report.CasesDir, c.ID), kiali: evidence.Kiali}
				Expect(keep(played.folder, judged, evidence)).To(Succeed())
				playedCases[judged.Run] = played
				amend(ctx)
				leaves(judged.Result)
				if judged.Result != hop.Pass {
					Fail(explain(judged))
				}
			})
		}
	})
}

// kept is where the verdict on a run of a case was written, and what stands beside it.
type kept struct {
	folder string
	kiali  []kiali.AtStep
}

var (
	playedCases = map[string]kept{} // the runs whose verdicts are the report's, by their names
	late        []string            // why verdicts changed after their cases had ended
)

// amend writes the verdicts anew that changed since they were written: what a case sent was seen in clear after it had ended.
func amend(ctx context.Context) {
	for _, judged := range caseRunner.Late(ctx) {
		played, found := playedCases[judged.Run]
		if !found {
			continue // another spec's: a sabotage is to be seen
		}
		Expect(writeVerdict(played.folder, judged, played.kiali)).To(Succeed())
		late = append(late, fmt.Sprintf("case %s, which had ended: %s", judged.ID, judged.Reason))
		progress.Amend(judged.ID, judged.Result, judged.Reason)
	}
}

func writeVerdict(folder string, judged verdict.Case, asked []kiali.AtStep) error {
	return artifact.WriteJSON(filepath.Join(folder, report.VerdictFile), report.Case{Case: judged, Kiali: asked})
}

// skipWithout skips a case that needs what may not be had on another's cluster.
func skipWithout(c fixture.Case) {
	needs, err := existing.Needs(files, world, c)
	Expect(err).NotTo(HaveOccurred())
	if len(needs) > 0 {
		Skip(strings.Join(needs, "; "))
	}
}

// onlyOwn skips what takes a cluster of the suite's own.
func onlyOwn() {
	if given.Placement.Existing {
		Skip("only on clusters of the suite's own")
	}
}

// diagnose gathers what explains a case that is not green, before the case is reverted.
func diagnose(ctx context.Context, id string) {
	bundle := artifact.Bundle{Kube: client, Mesh: caseRunner.Mesh, Places: caseRunner.Places, Istiod: world.Placement.Istiod, Folder: filepath.Join(given.Artifacts, report.DiagnosticsDir, id)}
	if err := bundle.Collect(ctx); err != nil {
		GinkgoWriter.Println("diagnostics are not complete:", err)
	}
}

// keep writes what the case leaves: its verdict, the policies that were in force, the access log lines and the packets.
func keep(folder string, judged verdict.Case, evidence runner.Evidence) error {
	for name, objects := range evidence.Policies {
		err := artifact.Write(filepath.Join(folder, "policies", filepath.Base(name)), func(to io.Writer) error {
			for _, object := range objects {
				if err := artifact.WriteObject(to, object); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for id, packets := range evidence.Packets {
		if err := artifact.WriteText(filepath.Join(folder, "packets", id+".pcap"), string(packets)); err != nil {
			return err
		}
	}
	if err := artifact.WriteText(filepath.Join(folder, "access.log"), strings.Join(evidence.Lines, "\n")+"\n"); err != nil {
		return err
	}
	return writeVerdict(folder, judged, evidence.Kiali)
}

// explain is the one failure of a case: its verdict, and every check that is not green.
func explain(judged verdict.Case) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\n", judged.Result, judged.Reason)
	for _, check := range judged.Checks {
		if check.Result != hop.Pass {
			fmt.Fprintf(&text, "  step %d, %s, wanted %s: %s %s\n", check.Step, check.Hop, check.Want, check.Result, check.Reason)
		}
	}
	for _, f := range judged.Foreseen {
		if f.Result != hop.Pass {
			fmt.Fprintf(&text, "  %s step %d, %s: %s %s\n", f.Case, f.Step, f.Hop, f.Result, f.Reason)
		}
	}
	for _, stated := range judged.Stated {
		if stated.Result != hop.Pass {
			fmt.Fprintf(&text, "  %s: %s %s\n", stated.By, stated.Result, stated.Reason)
		}
	}
	fmt.Fprintf(&text, "again: %s", judged.Rerun)
	return text.String()
}
