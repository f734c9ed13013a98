package attempt

import (
	"context"
	"errors"
	"slices"

	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/hop"
)

// clients gathers what the clients' ends have of the attempts, and joins it.
func (c *Collector) clients(ctx context.Context, b *Batch) {
	for _, s := range b.sent {
		switch {
		case s.Unsent != nil || s.Check.ClientKind == hop.Prober:
		case s.Check.ClientKind == hop.Plain:
			s.ClientEnd = observe.Socket(s.over.Client.Proxy, s.result)
		case s.Check.Streams || slices.Contains(s.Check.Without, hop.Client):
		default:
			seen, raw, err := c.Logs.ClientLine(ctx, s.over.Client.Proxy, b.marks[s.over.Client.Proxy], s.ID, hop.FiveTuple{Source: s.result.Local, Destination: s.result.Remote})
			b.keep(raw)
			s.ClientEnd, s.Unlogged = seen, errors.Is(err, observe.ErrNoLine)
		}
		s.JoinClient()
	}
}
