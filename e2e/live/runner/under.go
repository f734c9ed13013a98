package runner

import (
	"context"
	"errors"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// Under works while policy files are in force, which the id of a case and its own words name, and takes them away after it.
func (p *Player) Under(ctx context.Context, id string, files []string, work func(context.Context) error) error {
	if err := p.left.retry(ctx); err != nil {
		return err
	}
	held := p.begun(fixture.Case{ID: id})
	held.verdict.Result = hop.Pass
	err := held.step(ctx, 0, fixture.Step{Apply: files})
	if err == nil {
		err = work(ctx)
	}
	return errors.Join(err, held.clean(context.WithoutCancel(ctx)))
}
