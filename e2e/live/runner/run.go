package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Run runs the case and reverts it. What goes wrong makes the verdict INCONCLUSIVE; there is always a verdict.
func (r *Runner) Run(ctx context.Context, c fixture.Case) (verdict.Case, Evidence) {
	started := time.Now()
	run := r.NewCase(c)
	run.Verdict.Rerun = rerun(c)
	var broken []error
	// A case can be PASS by what an earlier one left.
	if err := r.CleanUp(context.WithoutCancel(ctx)); err != nil {
		run.Verdict.Conclude()
		run.Verdict.MarkInconclusive("it was not played: " + err.Error())
		return run.Verdict, run.Evidence
	}
	findings, lacking := run.found()
	run.Verdict.Findings = findings
	for _, why := range lacking {
		broken = append(broken, errors.New(why))
	}
	if err := run.watchPods(ctx); err != nil {
		broken = append(broken, err)
	}
	r.begin(ctx, run)
	defer run.end()
	for i, step := range c.Steps {
		if len(broken) > 0 {
			break
		}
		if err := run.Step(ctx, i, step); err != nil {
			broken = append(broken, fmt.Errorf("step %d: %w", i, err))
		}
	}
	r.judgeCase(context.WithoutCancel(ctx), run)
	run.Verdict.Conclude()
	if len(broken) > 0 || run.Verdict.Result != hop.Pass {
		r.Diagnose(context.WithoutCancel(ctx), c.ID)
	}
	broken = append(broken, run.CleanUp(context.WithoutCancel(ctx)))
	r.judgeCase(context.WithoutCancel(ctx), run)
	run.Verdict.Conclude()
	err := errors.Join(broken...)
	if err != nil {
		run.Verdict.MarkInconclusive(err.Error())
	}
	if run.Verdict.Result != hop.Pass {
		what := run.restarts(context.WithoutCancel(ctx), run.Verdict.Unanswered())
		if errors.Is(err, policy.ErrExpired) {
			what = append(what, "its lease was ended, and its policies with it")
		}
		run.Verdict.MarkInterrupted(what)
	}
	run.Verdict.Secrets = r.Config.SecretsOf(run.Verdict.Checks)
	run.Verdict.Clocks = r.clocks()
	run.Verdict.Seconds = time.Since(started).Seconds()
	return run.Verdict, run.Evidence
}

// rerun is the command that runs a case alone.
func rerun(c fixture.Case) string {
	focus := " FOCUS=" + c.ID + ":"
	switch {
	case slices.Contains(c.Labels, "explore"):
		return "make e2e LABELS=explore" + focus
	case slices.Contains(c.Labels, "slow"):
		return "make e2e-full" + focus
	}
	return "make e2e" + focus
}
