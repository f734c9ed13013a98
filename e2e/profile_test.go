//go:build e2e

package e2e

import (
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/runner/forecast"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

// No proxy of this profile need run for it: istiod is asked what it would send to one.
func describeProfile() {
	const profile = "default"
	c := fixture.DefaultProfile
	It(report.SpecText(c.ID, c.Title), Serial, Label(c.Labels...), SpecTimeout(timeout.Profile.Duration()), func(ctx SpecContext) {
		onlyOwn()
		began := time.Now()
		judged := verdict.Case{ID: c.ID, Title: c.Title, Rerun: "make e2e-full FOCUS=" + c.ID + ":", Changes: []verdict.Change{}, Checks: []verdict.Check{}}
		revision, err := caseRunner.Mesh.AddRevision(ctx, client, mesh.Install{
			Istioctl: given.Istioctl, Kubeconfig: given.Kubeconfig, Hub: given.Hub, Tag: given.Tag,
			Profile: profile, Revision: c.ID, Fixtures: fixtures.FS, Say: func(line string) { GinkgoWriter.Println(line) },
		})
		if err == nil {
			DeferCleanup(revision.Remove)
			judged.Foreseen, err = forecast.Run(ctx, caseRunner.For(profile, revision.Dump), forecast.Foreseeable(cases))
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
