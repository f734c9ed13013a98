//go:build e2e

package e2e

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

func describeClocks() {
	Describe("A node's clock", Serial, Label("chaos"), func() {
		DescribeTable("that is wrong makes no verdict wrong", func(ctx SpecContext, patch string, ahead time.Duration) {
			onlyOwn()
			var judged verdict.Case
			var evidence runner.Evidence
			Expect(withTap(ctx, patch, func() { judged, evidence = caseRunner.Run(ctx, caseOf(faulty)) })).To(Succeed())
			Expect(keep(filepath.Join(given.Artifacts, "clocks", filepath.Base(patch)), judged, evidence)).To(Succeed())
			Expect(judged.Result).To(Equal(hop.Pass), judged.Reason)
			tap := judged.Clocks[slices.IndexFunc(judged.Clocks, func(c clock.Clock) bool { return strings.HasPrefix(c.Name, "tap/") })]
			Expect((tap.Offset - ahead).Abs()).To(BeNumerically("<=", tap.Uncertainty), "the nodes are containers: %s", tap.Reading)
		},
			Entry("two seconds ahead", SpecTimeout(timeout.WrongClock.Duration()), "clock/tap-ahead.yaml", 2*time.Second),
			Entry("two seconds behind", SpecTimeout(timeout.WrongClock.Duration()), "clock/tap-behind.yaml", -2*time.Second),
		)
	})
}

// withTap does something with a tap that is patched, and readies a caseRunner before it and after it.
func withTap(ctx context.Context, patch string, do func()) error {
	saboteur := *trialOf(fixtures.FS, fixture.Mutant{}).Saboteur
	saboteur.RunID = command // the lease is to outlast the suite of one caseRunner
	done, err := saboteur.Do(ctx, fixtures.FS, fixture.Mutant{ID: "clock", Sabotage: []fixture.Act{{Patch: []string{patch}}}})
	DeferCleanup(done.Undo)
	if err != nil {
		return err
	}
	if err := recovered(ctx); err != nil {
		return err
	}
	do()
	if err := done.Undo(ctx); err != nil {
		return err
	}
	return recovered(ctx)
}
