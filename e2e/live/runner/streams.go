package runner

import (
	"context"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/timeout"
)

// AwaitStreams waits until every proxy of the world holds a stream to istiod. The error names those that do not.
func (r *Runner) AwaitStreams(ctx context.Context) error {
	var missing error
	err := wait.For(func(ctx context.Context) (bool, error) {
		_, missing = r.Mesh.Attached(ctx, r.Places.Proxies())
		return missing == nil, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Attach.Duration()), wait.WithInterval(lifeInterval), wait.WithImmediate())
	if missing != nil {
		return missing
	}
	return err
}
