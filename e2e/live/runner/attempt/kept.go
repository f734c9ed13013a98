package attempt

import (
	"context"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
)

// sendKept sends an attempt on its kept connection. Where the connection is expected to be closed, its end on the wire is
// waited for first.
func (c *Collector) sendKept(ctx context.Context, s *sent) error {
	if s.Want.Cause == hop.Closed {
		if err := c.awaitEnd(ctx, s.Kept.Conn); err != nil {
			return err
		}
	}
	answer, err := c.Sender.Use(ctx, s.From, s.over.Kept, s.ID)
	if err != nil {
		return err
	}
	s.Kept.LastAt, s.Kept.Ended, s.Kept.Error = answer.LastAt, answer.Ended, answer.Error
	if answer.Last != nil {
		s.replied(*answer.Last)
	}
	return nil
}

// awaitEnd waits until a connection has ended on the wire, or the limit has passed: then the packets tell that it has not.
func (c *Collector) awaitEnd(ctx context.Context, conn hop.FiveTuple) error {
	err := wait.For(func(ctx context.Context) (bool, error) {
		open, err := c.Taps.Open(ctx, conn.Destination, conn.Source.Addr())
		_, still := open[conn]
		return !still, err
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Drain.Duration()), wait.WithInterval(hopconfig.Interval), wait.WithImmediate())
	if err != nil && !apiwait.Interrupted(err) {
		return err
	}
	return ctx.Err()
}
