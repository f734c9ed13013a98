package runner

import (
	"context"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"
)

// AttachLimit is how long proxies that were cut off may take to come back: Envoy tries again ever more rarely, up to every 30
// seconds.
const AttachLimit = 45 * time.Second

// AwaitStreams waits until every proxy of the world holds a stream to istiod. The error names those that do not.
func (r *Runner) AwaitStreams(ctx context.Context) error {
	var missing error
	err := wait.For(func(ctx context.Context) (bool, error) {
		_, missing = r.Mesh.Attached(ctx, r.Places.Proxies())
		return missing == nil, nil
	}, wait.WithContext(ctx), wait.WithTimeout(AttachLimit), wait.WithInterval(lifeInterval), wait.WithImmediate())
	if missing != nil {
		return missing
	}
	return err
}
