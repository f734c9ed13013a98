package steps

import (
	"context"
	"errors"
	"fmt"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/verdict"
)

// Under works while policy files are in force, which the id of a case and its own words name, and takes them away after it.
func (p *Player) Under(ctx context.Context, id string, files []string, work func(context.Context) error) error {
	p.plays++
	held := &play{Player: p, c: fixture.Case{ID: id}, run: fmt.Sprintf("%s-%d", p.RunID, p.plays), evidence: NewEvidence(), connections: map[string]connection{}}
	held.verdict = verdict.Case{ID: id, Result: hop.Pass}
	err := held.step(ctx, 0, fixture.Step{Apply: files})
	if err == nil {
		err = work(ctx)
	}
	return errors.Join(err, held.revert(context.WithoutCancel(ctx)))
}
