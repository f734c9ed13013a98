//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing/fstest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

const (
	lag       = 4 * time.Second      // of kube-proxy behind the roll-out of a server
	concerned = "default-mesh"       // goes to product-service
	apart     = "tls-server-refused" // does not
)

func describeBegin() {
	Describe("The suite", Serial, Label("chaos"), func() {
		DescribeTable("begins, and has the cases concerned judge", func(ctx SpecContext, of string, result hop.Result, reason string) {
			onlyOwn()
			Expect(recovered(ctx)).To(Succeed())
			undo := patched(ctx, of)
			Expect(readied(ctx, given.RunID)).To(Succeed())
			judged, _ := caseRunner.Run(ctx, caseOf(concerned))
			Expect(judged.Result).To(Equal(result), judged.Reason)
			Expect(judged.Reason).To(ContainSubstring(reason))
			other, _ := caseRunner.Run(ctx, caseOf(apart))
			Expect(other.Result).To(Equal(hop.Pass), other.Reason)
			Expect(undo(ctx)).To(Succeed())
			Expect(recovered(ctx)).To(Succeed())
		},
			Entry("a server of two pods", SpecTimeout(timeout.Begin.Duration()), "replicas: 2", hop.Inconclusive, "2 pods run"),
			Entry("a server without a sidecar", SpecTimeout(timeout.Begin.Duration()), `template: {metadata: {labels: {sidecar.istio.io/inject: "false"}}}`, hop.Mismatch, "plaintext"),
			Entry("a server whose ports pass its proxy by", SpecTimeout(timeout.Begin.Duration()),
				`template: {metadata: {annotations: {traffic.sidecar.istio.io/includeInboundPorts: "8080"}}}`, hop.Mismatch, "go past its proxy"),
		)

		It("waits until the nodes know the pods that are there", SpecTimeout(timeout.Begin.Duration()), func(ctx SpecContext) {
			onlyOwn()
			Expect(recovered(ctx)).To(Succeed())
			start, err := sabotage.StopKubeProxy(ctx, client, shell)
			DeferCleanup(start)
			Expect(err).NotTo(HaveOccurred())
			patched(ctx, `template: {metadata: {annotations: {mtls.test/again: "yes"}}}`)
			started := make(chan error, 1)
			go func() {
				<-time.After(lag)
				started <- start(ctx)
			}()
			Expect(readied(ctx, given.RunID)).To(Succeed())
			judged, _ := caseRunner.Run(ctx, caseOf(concerned))
			Expect(<-started).To(Succeed())
			Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
		})
	})
}

// patched gives product-service's Deployment another spec, on a lease.
func patched(ctx context.Context, spec string) (undo func(context.Context) error) {
	GinkgoHelper()
	const file = "deployment.yaml"
	part := fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: product-service, namespace: default}\nspec: {%s}\n", spec)
	changed := fixture.Mutant{ID: "begin", Sabotage: []fixture.Act{{Patch: []string{file}}}}
	files := fstest.MapFS{file: {Data: []byte(part)}}
	done, err := trialOf(files, changed).Saboteur.Do(ctx, files, changed)
	DeferCleanup(done.Undo)
	Expect(err).NotTo(HaveOccurred())
	return done.Undo
}
