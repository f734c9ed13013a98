//go:build e2e

package e2e

import (
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Another's mesh may run sidecars of before its last upgrade, which is no failure of it.
func describeVersions() {
	c := fixture.StatedVersions
	It(report.SpecText(c.ID, c.Title), Serial, Label(c.Labels...), SpecTimeout(timeout.Case.Duration()), func(ctx SpecContext) {
		onlyOwn()
		began := time.Now()
		judged := verdict.Case{ID: c.ID, Title: c.Title, Rerun: "make e2e FOCUS=" + c.ID + ":", Changes: []verdict.Change{}, Checks: []verdict.Check{}}
		var err error
		judged.Stated, err = caseRunner.Mesh.Stated(ctx, given.Istioctl, given.Kubeconfig, caseRunner.Places.Proxies())
		for i := range judged.Stated {
			judged.Stated[i].Judge(given.Environment.Istio)
		}
		judged.Conclude()
		if err != nil {
			judged.MarkInconclusive(err.Error())
		}
		judged.Seconds = time.Since(began).Seconds()
		Expect(keep(filepath.Join(given.Artifacts, report.CasesDir, c.ID), judged, runner.NewEvidence())).To(Succeed())
		if judged.Result != hop.Pass {
			Fail(explain(judged))
		}
	})
}
