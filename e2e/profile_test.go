//go:build e2e

package e2e

import (
	. "github.com/onsi/ginkgo/v2"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/forecast"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

// No proxy of this profile need run for it: istiod is asked what it would send to one.
func describeProfile() {
	const profile = "default"
	c := fixture.DefaultProfile
	It(report.SpecText(c.ID, c.Title), Serial, Label(c.Labels...), SpecTimeout(timeout.Profile.Duration()), func(ctx SpecContext) {
		judgeAlone(c, "make e2e-full", func(judged *verdict.Case) error {
			revision, err := caseRunner.Mesh.AddRevision(ctx, client, mesh.Install{
				Istioctl: mesh.Istioctl{Path: given.Istioctl, Kubeconfig: given.Kubeconfig, Say: told}, Hub: given.Hub, Tag: given.Tag,
				Profile: profile, Over: []string{"control-plane.yaml"}, Revision: c.ID, Fixtures: fixtures.FS,
			})
			if err != nil {
				return err
			}
			DeferCleanup(revision.Remove)
			judged.Foreseen, err = forecast.Run(ctx, caseRunner.For(profile, revision.Dump), forecast.Foreseeable(cases))
			return err
		})
	})
}
