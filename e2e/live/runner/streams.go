package runner

import "context"

// AwaitStreams waits until every proxy of the world holds a stream to istiod. The error names those that do not.
func (r *Runner) AwaitStreams(ctx context.Context) error {
	return r.Mesh.AwaitStreams(ctx, r.Places.Proxies())
}
