package runner

import (
	"context"
	"errors"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// WithPolicies applies policy files of a case, runs work, and reverts them. Id names the run.
func (r *Runner) WithPolicies(ctx context.Context, id string, files []string, work func(context.Context) error) error {
	if err := r.CleanUp(ctx); err != nil {
		return err
	}
	run := r.NewCase(fixture.Case{ID: id})
	run.Verdict.Result = hop.Pass
	err := run.Step(ctx, 0, fixture.Step{Apply: files})
	if err == nil {
		err = work(ctx)
	}
	return errors.Join(err, run.CleanUp(context.WithoutCancel(ctx)))
}
