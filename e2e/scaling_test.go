//go:build e2e

package e2e

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
)

// scaledDuring are the cases that are played while pods come and go: with a change of policy, and with every kind of client.
var scaledDuring = []string{"default-mesh", "namespace-strict"}

func describeScaling() {
	It("gives no wrong verdict while the gateway's pods come and go", Serial, Label("chaos"), SpecTimeout(timeout.Fault.Duration()), func(ctx SpecContext) {
		onlyOwn()
		Expect(recovered(ctx)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(scaleGateway(ctx, 1)).To(Succeed()) })
		scaled := make(chan error, 1)
		go func() {
			defer GinkgoRecover()
			for _, replicas := range []int{3, 2} {
				if err := scaleGateway(ctx, replicas); err != nil {
					scaled <- err
					return
				}
			}
			scaled <- nil
		}()
		for under := true; under; {
			select {
			case err := <-scaled:
				Expect(err).NotTo(HaveOccurred())
				under = false
			default:
			}
			for _, id := range scaledDuring {
				judged, _ := caseRunner.Run(ctx, caseOf(id))
				Expect(judged.Result).To(BeElementOf(hop.Pass, hop.Inconclusive), judged.Reason)
				if !under { // both pods have been there since before the case
					Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
				}
			}
		}
		Expect(scaleGateway(ctx, 1)).To(Succeed())
		Eventually(recovered).WithContext(ctx).WithTimeout(timeout.Recovery.Duration()).Should(Succeed())
		judged, _ := caseRunner.Run(ctx, caseOf(scaledDuring[0]))
		Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
	})
}

// scaleGateway gives the ingress gateway so many pods, and waits until it has them.
func scaleGateway(ctx context.Context, replicas int) error {
	deployment := &appsv1.Deployment{}
	deployment.Namespace, deployment.Name = world.Placement.Gateway.Namespace, world.Placement.Gateway.Name
	if err := client.MergePatch(ctx, deployment, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)); err != nil {
		return err
	}
	return mesh.RolledOut(ctx, client, deployment)
}
