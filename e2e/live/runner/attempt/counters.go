package attempt

import (
	"context"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/hop"
)

// countBefore reads the counters of the servers of attempts that are counted.
func (c *Collector) countBefore(ctx context.Context, b *Batch) (err error) {
	for _, s := range b.sent {
		if s.Check.Counted {
			s.before = map[mesh.Proxy]observe.Counters{}
			for _, place := range s.over.Servers {
				if s.before[place.Proxy], err = observe.ReadCounters(ctx, c.Mesh, place.Proxy, s.scope()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// count makes the observation of the counters: what they grew by from before the attempt until behind its watermark, where
// the proxy has done with it.
func (c *Collector) count(ctx context.Context, b *Batch) error {
	for _, s := range b.sent {
		if !s.Check.Counted {
			continue
		}
		server := s.server().Proxy
		after, err := observe.ReadCounters(ctx, c.Mesh, server, s.scope())
		if err != nil {
			return err
		}
		mark := b.servers[server].watermark
		if mark.Missing != nil {
			s.Check.Observers.Stats = &hop.Observation{Source: hop.Stats, By: s.Server.Pod, ID: s.ID, Missing: mark.Missing.Error()}
			continue
		}
		grown := after.Since(s.before[server])
		if mark.Unmatched && !s.Check.Relays {
			grown = grown.WithoutSentinel()
		}
		s.Check.Observers.Stats = grown.Server(server, s.ID)
	}
	return nil
}

// scope is the scope of the counters by which the attempt's connection is counted.
func (s *sent) scope() string {
	if s.Check.Relays {
		return observe.GatewayListener(s.Destination.Port())
	}
	return observe.InboundListener
}
