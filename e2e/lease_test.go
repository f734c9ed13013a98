//go:build e2e

package e2e

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/sabotage"
)

const (
	leaseLimit = 3 * time.Minute
	abandoned  = 15 * time.Second // how long a lease stands that nobody ends
	sweepLimit = 5 * time.Second  // beyond its expiry
)

func describeLeases() {
	Describe("A lease that nobody ends", Serial, Label("chaos"), func() {
		DescribeTable("is ended by the sweeper", func(ctx SpecContext, meanwhile func(context.Context) error) {
			onlyOwn()
			Expect(recovered(ctx)).To(Succeed())
			_, told, err := player.TakeOff(ctx, "product-service", "nobody", abandoned)
			Expect(err).NotTo(HaveOccurred())
			Expect(told.Result).To(Equal(hop.Pass), told.Reason)
			taken, err := player.Policies.Leases(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(taken).To(HaveLen(1))
			server, err := client.Clock(ctx)
			Expect(err).NotTo(HaveOccurred())
			expires := server.ToRunner(taken[0].Expires())
			Expect(meanwhile(ctx)).To(Succeed())
			limit := max(time.Until(expires), 0) + sweepLimit
			Eventually(player.Policies.Leftovers).WithContext(ctx).WithTimeout(limit).WithPolling(100 * time.Millisecond).Should(BeEmpty())
			AddReportEntry("after its expiry", time.Since(expires).Round(100*time.Millisecond))
			Expect(player.Policies.Leases(ctx)).To(BeEmpty())
			Expect(recovered(ctx)).To(Succeed())
			back, err := player.Prove(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(back.Result).To(Equal(hop.Pass), back.Reason)
		},
			Entry("when it expires", SpecTimeout(leaseLimit), func(context.Context) error { return nil }),
			Entry("though the API server was away when it expired", SpecTimeout(leaseLimit), func(ctx context.Context) error {
				return sabotage.HoldAPIServer(ctx, client, shell, abandoned)
			}),
		)
	})
}
