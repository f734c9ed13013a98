//go:build e2e

package e2e

import (
	"context"
	crand "crypto/rand"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

// faulty is the case in the middle of which things break: it applies, sends and deletes.
const faulty = "temporary-disable"

// weakness is the mutant that a case must not be PASS with, whatever breaks.
const weakness = "debugging-rule-left-behind"

func describeFaults() {
	Describe("The suite", Serial, Label("chaos"), func() {
		for _, f := range sabotage.Faults {
			It(report.FaultText(f.Name), SpecTimeout(timeout.Fault.Duration()), func(ctx SpecContext) {
				onlyOwn()
				judged := verdict.Fault{Fault: f.Name}
				ready := func() {
					Eventually(recovered).WithContext(ctx).WithTimeout(timeout.Recovery.Duration()).WithPolling(time.Second).Should(Succeed())
				}
				ready()
				Expect(weakened(ctx, func() { judged.Weak = struck(ctx, f) })).To(Succeed())
				ready()
				judged.Sound = struck(ctx, f)
				began := time.Now()
				judged.After = afterwards(ctx)
				judged.Seconds = time.Since(began).Seconds()
				judged.Judge()
				Expect(artifact.WriteJSON(filepath.Join(given.Artifacts, report.FaultsDir, f.Name+".json"), judged)).To(Succeed())
				leaves(judged.Verdict())
				Expect(judged.Wrong).To(BeEmpty())
			})
		}
	})
}

// struck plays the case, and has the fault strike at some moment of it.
func struck(ctx context.Context, f sabotage.Fault) verdict.Outcome {
	strike := make(chan error, 1)
	go func() {
		defer GinkgoRecover()
		if !f.Awaits {
			<-time.After(time.Duration(rand.IntN(1500)) * time.Millisecond)
		}
		strike <- f.Strike(ctx, client, shell)
	}()
	judged, _ := caseRunner.Run(ctx, caseOf(faulty))
	Expect(<-strike).To(Succeed())
	return verdict.OutcomeOf(judged)
}

// afterwards plays the case once all has recovered, which it has not as long as nothing can be told of the case.
func afterwards(ctx context.Context) (judged verdict.Outcome) {
	_ = wait.For(func(context.Context) (known bool, _ error) {
		if err := recovered(ctx); err != nil {
			judged = verdict.Outcome{Result: hop.Inconclusive, Reason: err.Error()}
			return false, nil
		}
		after, _ := caseRunner.Run(ctx, caseOf(faulty))
		judged = verdict.OutcomeOf(after)
		return judged.Result != hop.Inconclusive, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Recovery.Duration()), wait.WithInterval(time.Second), wait.WithImmediate())
	return judged
}

// weakened does something while the mesh is weaker than the case wants it.
func weakened(ctx context.Context, do func()) error { return weakenedBy(ctx, weakness, do) }

// weakenedBy does something under a mutant.
func weakenedBy(ctx context.Context, mutant string, do func()) error {
	i := slices.IndexFunc(mutants, func(m fixture.Mutant) bool { return m.ID == mutant })
	done, err := trialOf(fixtures.FS, mutants[i]).Saboteur.Do(ctx, fixtures.FS, mutants[i])
	if err == nil {
		do()
	}
	// What cannot be taken back now, the next runner's Start takes back.
	_ = done.Undo(context.WithoutCancel(ctx))
	return err
}

// recovered readies a caseRunner anew: pods, their logs and what was left in the mesh. It is of another suite, so that what this
// one left is ended.
func recovered(ctx context.Context) error { return readied(ctx, command) }

// readied readies a caseRunner anew, as of a part of a run whose leases stand.
func readied(ctx context.Context, run string) error {
	stop, err := renewed(ctx, run)
	if err == nil {
		DeferCleanup(stop)
	}
	return err
}

// renewed makes another caseRunner the suite's, once it is ready; stop ends the reading of its logs.
func renewed(ctx context.Context, run string) (stop func(), err error) {
	return renewedIn(ctx, given, run, files, world)
}

// renewedIn does so in a world, on a mesh that is as it is handed over here.
func renewedIn(ctx context.Context, anew mesh.Handover, run string, files fs.FS, world fixture.World) (stop func(), err error) {
	anew.RunID = run + "-" + crand.Text()[:4]
	fresh, stop, err := runner.Prepare(ctx, client, anew, files, world, diagnose)
	if err != nil {
		return nil, err
	}
	if err := fresh.Start(ctx); err != nil {
		stop()
		return nil, err
	}
	caseRunner = fresh
	return stop, nil
}

func caseOf(id string) fixture.Case {
	return cases[slices.IndexFunc(cases, func(c fixture.Case) bool { return c.ID == id })]
}
