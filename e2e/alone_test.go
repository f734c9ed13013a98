//go:build e2e

package e2e

import (
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// judgeAlone judges a case that is no folder of fixtures, on clusters of the suite's own. The work fills in what it rests on;
// command is the one that plays it again.
func judgeAlone(c fixture.Case, command string, work func(*verdict.Case) error) {
	onlyOwn()
	began := time.Now()
	judged := verdict.Case{ID: c.ID, Title: c.Title, Rerun: command + " FOCUS=" + c.ID + ":", Changes: []verdict.Change{}, Checks: []verdict.Check{}}
	err := work(&judged)
	judged.Conclude()
	if err != nil {
		judged.MarkInconclusive(err.Error())
	}
	judged.Seconds = time.Since(began).Seconds()
	Expect(keep(filepath.Join(given.Artifacts, report.CasesDir, c.ID), judged, runner.NewEvidence())).To(Succeed())
	leaves(judged.Result)
	if judged.Result != hop.Pass {
		Fail(explain(judged))
	}
}
