//go:build e2e

package e2e

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
)

const (
	lie    = "header-forged-by-the-client" // a mutant that changes no proxy's configuration
	liedTo = "other-workload-untouched"    // is MISMATCH under it
)

func describeRestarts() {
	It("excuses a case for a restart within it, and no other case", Serial, Label("chaos"), SpecTimeout(timeout.Restart.Duration()), func(ctx SpecContext) {
		onlyOwn()
		Expect(recovered(ctx)).To(Succeed())
		restart := func() {
			i := slices.IndexFunc(sabotage.Faults, func(f sabotage.Fault) bool { return f.Name == "istiod-restarted" })
			Expect(sabotage.Faults[i].Strike(ctx, client, shell)).To(Succeed())
			Eventually(caseRunner.Mesh.Attached).WithContext(ctx).WithArguments(caseRunner.Places.Proxies()).
				WithTimeout(timeout.Recovery.Duration()).WithPolling(time.Second).Should(HaveLen(len(caseRunner.Places.Proxies())))
		}
		Expect(weakenedBy(ctx, lie, func() {
			caseRunner.Diagnose = func(context.Context, string) { restart() }
			judged, _ := caseRunner.Run(ctx, caseOf(liedTo))
			caseRunner.Diagnose = diagnose
			Expect(judged.Result).To(Equal(hop.Inconclusive), judged.Reason)
			Expect(judged.Disturbed).To(ContainElement(ContainSubstring("istiod")))

			restart()
			judged, _ = caseRunner.Run(ctx, caseOf(liedTo))
			Expect(judged.Result).To(Equal(hop.Mismatch), judged.Reason)
			Expect(judged.Disturbed).To(BeEmpty())
		})).To(Succeed())
		Expect(recovered(ctx)).To(Succeed())
	})
}
