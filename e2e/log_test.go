//go:build e2e

package e2e

import (
	"errors"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
)

// afterLogs is a case that needs the log of every proxy that it names.
const afterLogs = "mesh-strict"

func describeLogs() {
	Describe("The logs of the proxies", Serial, Label("chaos"), func() {
		It("are read on after kubelet-stopped between two cases, and no verdict is lost by it", SpecTimeout(timeout.Fault.Duration()), func(ctx SpecContext) {
			onlyOwn()
			Eventually(recovered).WithContext(ctx).WithTimeout(timeout.Recovery.Duration()).WithPolling(time.Second).Should(Succeed())
			away := slices.IndexFunc(sabotage.Faults, func(f sabotage.Fault) bool { return f.Name == "kubelet-stopped" })
			Expect(sabotage.Faults[away].Strike(ctx, client, shell)).To(Succeed())
			Eventually(unread).WithContext(ctx).WithTimeout(timeout.Recovery.Duration()).Should(Succeed())
			judged, _ := caseRunner.Run(ctx, caseOf(afterLogs))
			Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
		})
	})
}

// unread is why lines that are written from now on would not be known.
func unread() error {
	var failed []error
	for _, proxy := range caseRunner.Places.Proxies() {
		failed = append(failed, caseRunner.Logs.Gap(proxy, caseRunner.Logs.Mark(proxy)))
	}
	return errors.Join(failed...)
}
