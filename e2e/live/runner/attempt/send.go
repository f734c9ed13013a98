package attempt

import (
	"context"
	"errors"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
)

// send makes the attempts: those on kept connections first, then requests and probes at once.
func (c *Collector) send(ctx context.Context, b *Batch) error {
	now := time.Now().UTC()
	var requests []traffic.Attempt
	var probes []traffic.ProbeAttempt
	for _, s := range b.sent {
		s.Check.SentAt = now
		as := hop.Protocol(s.Want.As)
		switch {
		case s.over.Kept != "":
			if err := c.sendKept(ctx, s); err != nil {
				return err
			}
		case s.Want.Routed(): // by seek
		case s.Want.Probe != nil:
			probes = append(probes, traffic.ProbeAttempt{ID: s.ID, Hop: s.Hop, Probe: *s.Want.Probe, As: as, Subset: s.Want.Subset, By: s.over.Client, At: s.over.Servers.First()})
		default:
			requests = append(requests, s.request(s.ID))
		}
	}
	var both sync.WaitGroup
	var notSent, notProbed error
	var results map[string]call.Result
	var probed map[string]probe.Result
	both.Go(func() { results, notSent = c.Sender.Send(ctx, requests) })
	both.Go(func() { probed, notProbed = c.Prober.Probe(ctx, probes) })
	both.Wait()
	for _, err := range []error{notSent, notProbed} {
		if err := b.unsent(ctx, err); err != nil {
			return err
		}
	}
	for _, s := range b.sent {
		if result, replied := results[s.ID]; replied {
			s.replied(result)
		}
	}
	for _, asked := range probes {
		s := b.byID(asked.ID)
		seen := traffic.Probed(asked, s.over.Client.Proxy, probed[asked.ID])
		s.ClientEnd = &seen
	}
	return nil
}

// request is the attempt as it is sent under an id.
func (s *sent) request(id string) traffic.Attempt {
	return traffic.Attempt{
		ID: id, Hop: s.Hop, Subset: s.Want.Subset, Segment: s.Want.Segment(), Headers: s.Want.Headers,
		As: hop.Protocol(s.Want.As), By: s.over.Client, At: s.over.Servers.First(),
	}
}

// unsent gives each attempt why its client's agent did not answer. Any other error is returned.
func (b *Batch) unsent(ctx context.Context, err error) error {
	var unsent traffic.Unsent
	if !errors.As(err, &unsent) || ctx.Err() != nil {
		return err
	}
	for id, why := range unsent {
		b.byID(id).Unsent = why
	}
	return nil
}
