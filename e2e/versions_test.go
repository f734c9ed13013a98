//go:build e2e

package e2e

import (
	. "github.com/onsi/ginkgo/v2"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Another's mesh may run sidecars of before its last upgrade, which is no failure of it.
func describeVersions() {
	c := fixture.StatedVersions
	It(report.SpecText(c.ID, c.Title), Serial, Label(c.Labels...), SpecTimeout(timeout.Case.Duration()), func(ctx SpecContext) {
		judgeAlone(c, "make e2e", func(judged *verdict.Case) (err error) {
			judged.Stated, err = caseRunner.Mesh.Stated(ctx, given.Istioctl, given.Kubeconfig, caseRunner.Places.Proxies())
			for i := range judged.Stated {
				judged.Stated[i].Judge(given.Environment.Istio)
			}
			return err
		})
	})
}
