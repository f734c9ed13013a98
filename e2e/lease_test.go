//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/fixtures/agent/lease"
)

const (
	abandoned   = 15 * time.Second // how long a lease stands that nobody ends
	hindered    = 25 * time.Second // how long one stands before whose end something is broken
	sweptWithin = 5 * time.Second  // of its expiry: what the sweeper promises
)

func describeLeases() {
	Describe("A lease that nobody ends", Serial, Label("chaos"), func() {
		DescribeTable("is ended by the sweeper", func(ctx SpecContext, meanwhile func(context.Context) error) {
			onlyOwn()
			Expect(recovered(ctx)).To(Succeed())
			expires := expiryOf(ctx, abandonedLease(ctx, abandoned))
			Expect(meanwhile(ctx)).To(Succeed())
			Eventually(caseRunner.Policies.Leftovers).WithContext(ctx).WithTimeout(sweptBy(expires)).WithPolling(100 * time.Millisecond).Should(BeEmpty())
			AddReportEntry("after its expiry", time.Since(expires).Round(100*time.Millisecond))
			Eventually(leasesLeft).WithContext(ctx).WithTimeout(sweptBy(expires)).WithPolling(100 * time.Millisecond).Should(BeEmpty())
			provenBack(ctx)
		},
			Entry("when it expires", SpecTimeout(timeout.LeaseEnd.Duration()), func(context.Context) error { return nil }),
			Entry("though the API server was away when it expired", SpecTimeout(timeout.LeaseEnd.Duration()), func(ctx context.Context) error {
				return sabotage.HoldAPIServer(ctx, client, shell, abandoned)
			}),
		)

		It("ends plaintext though a service's own rule cannot be restored, and restores it when it can", SpecTimeout(timeout.LeaseEnd.Duration()), func(ctx SpecContext) {
			rule, taken := hinderedLease(ctx)
			changeByHand(ctx, rule)
			allow, err := sabotage.RefuseUpdates(ctx, client, rule)
			DeferCleanup(allow)
			Expect(err).NotTo(HaveOccurred())

			expires := expiryOf(ctx, taken)
			seen := plaintextAround(ctx, expires, expires.Add(sweptWithin))
			Expect(seen.before).NotTo(BeZero(), "the positive control: plaintext before its expiry")
			Expect(seen.connectionsAfter).NotTo(BeZero())
			Expect(seen.after).To(BeZero(), "plaintext on connections that were opened later than %s after its expiry", sweptWithin)

			Expect(caseRunner.Policies.Leftovers(ctx)).To(BeEmpty())
			Expect(modeOf(ctx, rule)).To(Equal("DISABLE"))
			Expect(conditionsOf(ctx, taken)).To(HaveKeyWithValue(lease.PoliciesDeleted, lease.ReasonDeleted))
			Expect(conditionsOf(ctx, taken)).To(HaveKeyWithValue(lease.Restored, lease.ReasonRestoreRefused))
			Expect(eventsOf(ctx, taken)).To(ConsistOf(And(ContainSubstring(rule.GetName()), ContainSubstring("refuses-updates.mtls.test"), ContainSubstring("ends plaintext"))))

			Expect(allow(ctx)).To(Succeed())
			Eventually(leasesLeft).WithContext(ctx).WithTimeout(sweptWithin).WithPolling(100 * time.Millisecond).Should(BeEmpty())
			Expect(modeOf(ctx, rule)).To(Equal("ISTIO_MUTUAL"))
			Expect(changedByHand(ctx, rule)).To(BeTrue())
			Expect(removed(ctx)).To(Succeed())
			provenBack(ctx)
		})

		It("is taken out of the API server while no istiod runs, and says that the proxies follow when it is back", SpecTimeout(timeout.LeaseEnd.Duration()), func(ctx SpecContext) {
			rule, taken := hinderedLease(ctx)
			expires := expiryOf(ctx, taken)
			start, err := sabotage.StopIstiod(ctx, client)
			DeferCleanup(start)
			Expect(err).NotTo(HaveOccurred())
			Expect(time.Now()).To(BeTemporally("<", expires), "istiod was not away when it expired")

			Eventually(caseRunner.Policies.Leftovers).WithContext(ctx).WithTimeout(sweptBy(expires)).WithPolling(100 * time.Millisecond).Should(BeEmpty())
			AddReportEntry("after its expiry", time.Since(expires).Round(100*time.Millisecond))
			Eventually(conditionsOf).WithContext(ctx).WithArguments(taken).WithTimeout(sweptBy(expires)).Should(And(
				HaveKeyWithValue(lease.PoliciesDeleted, lease.ReasonDeleted), HaveKeyWithValue(lease.ProxiesFollow, lease.ReasonNoIstiodReady)))
			Expect(modeOf(ctx, rule)).To(Equal("DISABLE"))
			Eventually(sweeperSays).WithContext(ctx).WithArguments(taken).WithTimeout(sweptBy(expires)).Should(ContainSubstring("follow when istiod is back"))

			Expect(start(ctx)).To(Succeed())
			back := time.Now()
			Eventually(leasesLeft).WithContext(ctx).WithTimeout(timeout.IstiodReturn.Duration()).WithPolling(100 * time.Millisecond).Should(BeEmpty())
			AddReportEntry("after istiod's return", time.Since(back).Round(100*time.Millisecond))
			Expect(modeOf(ctx, rule)).To(Equal("ISTIO_MUTUAL"))
			Expect(removed(ctx)).To(Succeed())
			provenBack(ctx)
		})
	})
}
