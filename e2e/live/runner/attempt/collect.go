package attempt

import (
	"context"
)

// Collect makes the attempts of a batch, those that seek a destination after the others, sends a sentinel after them to each server, and gives each check what the observers
// saw: first the client's end, which names the connection, then the wire, which names it where the client's proxy cannot, then
// the server's end, once it is decided which of its pods that is. A server that lacks what came to it gets a second sentinel.
func (c *Collector) Collect(ctx context.Context, b *Batch) error {
	if err := c.countBefore(ctx, b); err != nil {
		return err
	}
	if err := c.send(ctx, b); err != nil {
		return err
	}
	if err := c.seek(ctx, b); err != nil {
		return err
	}
	c.look(ctx, b)
	c.clients(ctx, b)
	if err := c.pastProxy(ctx, b); err != nil {
		return err
	}
	c.wire(ctx, b)
	c.decide(b)
	c.lookAgain(ctx, b)
	c.servers(ctx, b)
	for _, s := range b.sent {
		if err := c.Config.Renewed(ctx, &s.Check, s.over.Client.Proxy, s.server().Proxy); err != nil {
			return err
		}
	}
	return c.count(ctx, b)
}
