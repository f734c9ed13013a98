package runner

import (
	"context"
	"slices"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/join"
)

// agreed waits until every hop is configured as the policies in the mesh ask. Where the limit passes first, the verdicts of the
// cases say so.
func (r *Runner) agreed(ctx context.Context) error {
	hops := r.Config.EveryHop()
	snapshot, err := r.snapshot(ctx, nil)
	if err != nil {
		return err
	}
	intents := r.intents(snapshot, hops)
	err = wait.For(func(ctx context.Context) (bool, error) {
		facts, err := r.Config.Facts(ctx, hops)
		if err != nil {
			return false, err
		}
		return !slices.ContainsFunc(hops, func(a join.Attempt) bool {
			asked := intents[a.ID]
			return slices.ContainsFunc(facts[a.ID], func(pair hopconfig.Pair) bool {
				now := pair.Config
				return asked.Says != "" && now.Says != "" && (!asked.Says.Alike(now.Says) || asked.Refusal != now.Refusal)
			})
		}), nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Agree.Duration()), wait.WithInterval(lifeInterval), wait.WithImmediate())
	if apiwait.Interrupted(err) {
		return ctx.Err()
	}
	return err
}
