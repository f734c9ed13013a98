package attempt

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// pastProxy says of attempts that the log of their client's proxy lacks whether they went past it: a request from the same
// application to another port, made after they were through, must be in that log.
func (c *Collector) pastProxy(ctx context.Context, b *Batch) error {
	marked := map[mesh.Proxy]error{}
	for _, s := range b.sent {
		if !s.Unlogged || s.Check.ClientKind != hop.Sidecar {
			continue
		}
		proxy := s.over.Client.Proxy
		if _, known := marked[proxy]; !known {
			var err error
			if marked[proxy], err = c.clientMark(ctx, s.ID, s.Hop, s.over.Client); err != nil {
				return err
			}
		}
		if marked[proxy] == nil && c.Logs.Gap(proxy, b.marks[proxy]) == nil {
			s.JoinPast()
		}
	}
	return nil
}

// clientMark sends a sentinel from the application of a hop's client to a port that the hop does not go to, and waits until
// its proxy has logged it. The first error tells why it has not, the second that none could be sent.
func (c *Collector) clientMark(ctx context.Context, id string, of hop.Hop, client mesh.Place) (unmarked, failed error) {
	id += "-client-sentinel"
	for _, h := range c.Config.World.Hops() {
		service, port, _ := c.Config.World.Port(h.To)
		spoken := port.Protocol == hop.HTTP || port.Protocol == hop.GRPC
		if h.From != of.From || h.To.Port == of.To.Port || !spoken || len(service.Workloads) != 1 || service.Kind != fixture.ClusterIP {
			continue
		}
		after := c.Logs.Mark(client.Proxy)
		if _, err := c.Sender.Send(ctx, []traffic.Attempt{{ID: id, Hop: h, By: client}}); err != nil {
			return nil, err
		}
		_, _, unmarked = c.Logs.ClientLine(ctx, client.Proxy, after, id, hop.FiveTuple{})
		return unmarked, nil
	}
	return fmt.Errorf("%s has no other port to send a sentinel to", of.From), nil
}
