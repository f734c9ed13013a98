package attempt

import (
	"context"
	"slices"
	"sync"

	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// look waits for each server's watermark, and behind it asks the application what it received.
func (c *Collector) look(ctx context.Context, b *Batch) {
	var looking sync.WaitGroup
	for proxy, at := range b.servers {
		var ids []string
		relays := false
		for _, s := range b.sent {
			if slices.Contains(s.over.Servers, at.place) {
				ids, relays = append(ids, s.ID), s.Check.Relays
			}
		}
		looking.Go(func() {
			c.mark(ctx, b, at)
			if !relays {
				at.received, at.unasked = observe.Received(ctx, c.Mesh, proxy, ids)
			}
		})
	}
	looking.Wait()
}

// mark sets the watermark of a server behind the batch.
func (c *Collector) mark(ctx context.Context, b *Batch, at *server) {
	at.watermark = watermark(ctx, c.Sender, c.Logs, b.Name+"-sentinel", at.place, b.marks[at.place.Proxy])
}

// lookAgain sets a later watermark at the servers whose log lacks an attempt that came to them. By now the wire has shown how its
// connection went.
func (c *Collector) lookAgain(ctx context.Context, b *Batch) {
	var looking sync.WaitGroup
	for _, at := range c.overdue(b) {
		looking.Go(func() { c.mark(ctx, b, at) })
	}
	looking.Wait()
}

func (c *Collector) overdue(b *Batch) []*server {
	var all []*server
	for _, s := range b.sent {
		at := b.servers[s.server().Proxy]
		if !s.AsksServer() || slices.Contains(all, at) {
			continue
		}
		if seen, _, _ := c.Logs.ServerLine(at.place.Proxy, b.marks[at.place.Proxy], s.asked(), at.watermark.Missing); s.Overdue(seen) {
			all = append(all, at)
		}
	}
	return all
}

// servers gathers what the servers' ends have of the attempts, and joins it.
func (c *Collector) servers(ctx context.Context, b *Batch) {
	for _, s := range b.sent {
		place := s.server()
		at := b.servers[place.Proxy]
		if s.AsksServer() {
			c.server(ctx, b, s, at)
		}
		if s.AsksApplication() {
			records := at.received[s.ID]
			s.Check.Observers.Application = observe.Application(place.Proxy, s.ID, s.Headers(), records, at.watermark.Absent(len(records), at.unasked))
		}
	}
}

func (c *Collector) server(ctx context.Context, b *Batch, s *sent, at *server) {
	asked, proxy := s.asked(), at.place.Proxy
	seen, line, raw := c.Logs.ServerLine(proxy, b.marks[proxy], asked, at.watermark.Missing)
	s.JoinServer(join.ServerEnd{
		Seen: seen, Listener: line.Kind == accesslog.Listener,
		Rewrites: c.Logs.Rewrites(proxy, asked), Reused: c.Logs.OtherOn(proxy, line),
	}, c.Taps != nil)
	b.keep(raw)
	if s.behind == nil || !s.behind.Proxied || s.Check.Want != hop.Refused || !line.UpstreamLocalAddress.IsValid() {
		return
	}
	behind, raw := c.Logs.Behind(ctx, s.behind.Proxy, b.marks[s.behind.Proxy], s.ID, line.UpstreamLocalAddress)
	s.JoinBehind(behind.Refusal)
	b.keep(raw)
}

// asked is what is known of the attempt when its line is looked for at a server.
func (s *sent) asked() observe.Attempt {
	return observe.Attempt{ID: s.ID, From: s.Source(), Port: s.Destination.Port()}
}
