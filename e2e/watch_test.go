//go:build e2e

package e2e

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// One spec is an upgrade that others make: how many steps they take is not known before.
func describeWatch() {
	Describe("The mesh", Serial, Label("watch"), func() {
		It(report.StageText("while others upgrade Istio"), SpecTimeout(timeout.Watch.Duration()), PollProgressAfter(timeout.Watch.Duration()), func(ctx SpecContext) {
			going, err := newUpgrading(ctx)
			Expect(err).NotTo(HaveOccurred())
			going.watch(ctx)
			_, err = going.operator.Clear()
			Expect(err).NotTo(HaveOccurred())
			// What was seen is told, also where nobody told of a last step.
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout.Revert.Duration())
			defer cancel()
			came := ended(ending, going)
			leaves(came.Result)
			Expect(came.Result).To(Equal(hop.Pass), came.Reason)
		})
	})
}

// watch judges the mesh before the first step and after each, as long as the series go on and how the mesh was is known. A step that left a
// mesh which cannot be judged is followed by others.
func (u *upgrading) watch(ctx context.Context) {
	u.reach(ctx, 0)
	for index := 1; !u.done && len(u.intervals) == index && len(u.moments) == index && ctx.Err() == nil; index++ {
		u.stopped = nil
		u.plan = append(u.plan, upgrade.Step(index, ""))
		u.reach(ctx, index)
	}
}
