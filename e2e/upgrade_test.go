//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	liveupgrade "mtls.test/conformance/e2e/live/upgrade"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/e2e/pure/verdict"
)

// One spec is one stage: the moves that lead to it, and what is judged once they are made.
func describeUpgrade(mode upgrade.Mode) {
	Describe("The mesh", Ordered, ContinueOnFailure, Serial, Label("stage"), func() {
		plan := upgrade.Plan(mode)
		var going *upgrading
		BeforeAll(func() {
			var err error
			going, err = newUpgrading(plan)
			Expect(err).NotTo(HaveOccurred())
		})
		for i, stage := range plan {
			It("holds, "+stage.Title, SpecTimeout(timeout.Stage.Duration()), func(ctx SpecContext) {
				Expect(going.moveTo(ctx, i)).To(Succeed())
				judged, err := going.judge(ctx, i)
				Expect(err).NotTo(HaveOccurred())
				Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
			})
		}
	})
}

// upgrading is an upgrade under way.
type upgrading struct {
	plan    []upgrade.Stage
	whole   fixture.World // with what the cases do not know
	mover   *liveupgrade.Mover
	stopped error // why no further move is made
}

func newUpgrading(plan []upgrade.Stage) (*upgrading, error) {
	asked := given.Upgrade
	all, err := liveupgrade.Files(asked.Mode)
	if err != nil {
		return nil, err
	}
	whole, err := fixture.LoadWorldAt(all, given.Placement)
	if err != nil {
		return nil, err
	}
	return &upgrading{plan: plan, whole: whole, mover: &liveupgrade.Mover{
		Kube: client, Kubeconfig: given.Kubeconfig, Mesh: mesh.At(client, given.Placement), Mode: asked.Mode, Releases: asked.Releases, Files: all, Say: told,
	}}, nil
}

// moveTo makes the moves that lead to a stage. After a move that failed none is made.
func (u *upgrading) moveTo(ctx context.Context, index int) error {
	if u.stopped != nil {
		return fmt.Errorf("not reached: %w", u.stopped)
	}
	for _, move := range u.plan[index].Moves {
		told("move: " + move.String())
		if u.stopped = u.mover.Move(ctx, move); u.stopped != nil {
			return u.stopped
		}
	}
	return nil
}

// judge judges the mesh at a stage.
func (u *upgrading) judge(ctx context.Context, index int) (upgrade.Judged, error) {
	stage := u.plan[index]
	judged := upgrade.Judged{Stage: stage.Name, Title: stage.Title, Result: hop.Pass}
	stop, err := renewed(ctx, given.RunID)
	if err != nil {
		return judged, err
	}
	defer func() {
		stop()
		caseRunner = nil
	}()
	places, err := u.mover.Mesh.Locate(ctx, u.whole)
	if err != nil {
		return judged, err
	}
	if judged.Proxies, err = u.mover.Mesh.Versions(ctx, places); err != nil {
		return judged, err
	}
	versions := upgrade.Versions{}
	for side, release := range given.Upgrade.Releases {
		versions[side] = release.Version
	}
	judged.Misplaced = upgrade.After(given.Upgrade.Mode, u.plan, index).Misplaced(judged.Proxies, versions, world.Placement.Gateway.Namespace)
	for _, c := range stageCases() {
		verdict, err := u.run(ctx, stage.Name, c)
		if err != nil {
			return judged, err
		}
		judged.Add(verdict)
	}
	judged.Conclude()
	return judged, u.leave(ctx)
}

// leave ends the work of a stage's runner, which must leave the mesh as it was.
func (u *upgrading) leave(ctx context.Context) error {
	err := caseRunner.End(ctx)
	amend(ctx)
	return err
}

// stageCases are the cases of every stage.
func stageCases() []fixture.Case {
	return slices.DeleteFunc(slices.Clone(cases), func(c fixture.Case) bool { return !slices.Contains(c.Labels, fixture.UpgradeLabel) })
}

// run runs a case at a stage. Its verdict is the report's under the name of both.
func (u *upgrading) run(ctx context.Context, stage string, c fixture.Case) (verdict.Case, error) {
	judged, evidence := caseRunner.Run(ctx, c)
	judged.ID += "@" + stage
	return judged, keep(filepath.Join(given.Artifacts, report.CasesDir, judged.ID), judged, evidence)
}

// told prints a line of progress at once.
func told(line string) {
	_, _ = fmt.Fprintln(os.Stderr, "  "+strings.TrimSpace(line))
}
