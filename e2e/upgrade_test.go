//go:build e2e

package e2e

import (
	"context"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// One spec is one stage: the moves that lead to it, under traffic, and what is judged once they are made.
func describeUpgrade(plan []upgrade.Stage) {
	Describe("The mesh", Ordered, ContinueOnFailure, Serial, Label("stage"), func() {
		var going *upgrading
		BeforeAll(func(ctx SpecContext) {
			var err error
			going, err = newUpgrading(ctx)
			Expect(err).NotTo(HaveOccurred())
		}, NodeTimeout(timeout.SuiteBegins.Duration()))
		for i, stage := range plan {
			It(report.StageText(stage.Title), SpecTimeout(timeout.Stage.Duration()), PollProgressAfter(timeout.Stage.Duration()), func(ctx SpecContext) {
				judged := going.reach(ctx, i)
				leaves(judged.Result)
				Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
			})
		}
		It(report.StageText("from the beginning to the end"), SpecTimeout(timeout.Stage.Duration()), PollProgressAfter(timeout.Stage.Duration()), func(ctx SpecContext) {
			came := ended(ctx, going)
			leaves(came.Result)
			Expect(came.Result).To(Equal(hop.Pass), came.Reason)
		})
	})
}

// One spec is a whole upgrade that goes wrong on purpose, up to the stage at which that must be noticed.
func describeWrongUpgrade() {
	Describe("The upgrade", Serial, Label("wrong-upgrade"), func() {
		It(report.StageText("and what goes wrong on purpose is noticed"), SpecTimeout(timeout.WrongUpgrade.Duration()), PollProgressAfter(timeout.WrongUpgrade.Duration()), func(ctx SpecContext) {
			going, err := newUpgrading(ctx)
			Expect(err).NotTo(HaveOccurred())
			for i := range going.plan {
				going.reach(ctx, i)
			}
			came := ended(ctx, going)
			leaves(came.Result)
			Expect(came.Result).To(Equal(hop.Pass), came.Reason)
		})
	})
}

func ended(ctx context.Context, going *upgrading) upgrade.Verdict {
	came, err := going.end(ctx)
	Expect(err).NotTo(HaveOccurred())
	Expect(artifact.WriteJSON(filepath.Join(given.Artifacts, upgrade.File), came)).To(Succeed())
	return came
}
