package attempt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/fixtures/agent/call"
)

// Search bounds the requests that are made for a destination of the client's routes.
type Search struct {
	Most   int // until one comes there
	AtOnce int // before it is asked whether one has
}

// seek makes the requests of attempts that must come to a destination of their client's routes, until one of each came there: by
// the log of the client's proxy, which alone names the destination. That request becomes the attempt; the others are no
// evidence of it. An attempt of which none came there is not observed any further.
func (c *Collector) seek(ctx context.Context, b *Batch) error {
	late := time.Now().Add(timeout.Reach.Duration())
	for {
		asked := map[*sent][]string{}
		var requests []traffic.Attempt
		for _, s := range b.sent {
			if s.seeks() {
				asked[s] = s.more()
				for _, id := range asked[s] {
					requests = append(requests, s.request(id))
				}
			}
		}
		if len(asked) == 0 {
			break
		}
		results, err := c.Sender.Send(ctx, requests)
		var unsent traffic.Unsent
		if err != nil && (!errors.As(err, &unsent) || ctx.Err() != nil) {
			return err
		}
		for s, ids := range asked {
			c.came(ctx, b, s, ids, results, unsent)
			if s.seeks() && (s.Check.Requests >= s.over.Search.Most || time.Now().After(late)) {
				s.Check.Unreached = fmt.Sprintf("none of %d requests came to %s", s.Check.Requests, c.destination(s))
			}
		}
	}
	b.sent = slices.DeleteFunc(b.sent, func(s *sent) bool { return s.Check.Unreached != "" })
	return nil
}

// seeks tells that requests are still made for the attempt.
func (s *sent) seeks() bool { return s.Want.Routed() && !s.reached && s.Check.Unreached == "" }

// more are the ids of the next requests of a search.
func (s *sent) more() []string {
	var ids []string
	for range min(s.over.Search.AtOnce, s.over.Search.Most-s.Check.Requests) {
		ids = append(ids, fmt.Sprintf("%s%d", s.tries, s.Check.Requests+len(ids)))
	}
	s.Check.Requests += len(ids)
	return ids
}

// came makes the first of several requests that came to the destination the attempt. Where that is not known of all of them, it
// is not known which are left out, and the search ends.
func (c *Collector) came(ctx context.Context, b *Batch, s *sent, ids []string, results map[string]call.Result, unsent traffic.Unsent) {
	clusters, errs := make([]string, len(ids)), make([]error, len(ids))
	var looking sync.WaitGroup
	for i, id := range ids {
		if errs[i] = unsent[id]; errs[i] != nil {
			continue
		}
		looking.Go(func() {
			clusters[i], errs[i] = c.Logs.LedTo(ctx, s.over.Client.Proxy, b.marks[s.over.Client.Proxy], id)
		})
	}
	looking.Wait()
	if at := slices.Index(clusters, c.cluster(s)); at >= 0 {
		s.reached, s.ID, s.Check.ID = true, ids[at], ids[at]
		s.replied(results[ids[at]])
		return
	}
	if err := errors.Join(errs...); err != nil {
		s.Check.Unreached = fmt.Sprintf("which of %d requests came to %s is not known: %s", s.Check.Requests, c.destination(s), err)
	}
}

// cluster is how the client's proxy names the destination.
func (c *Collector) cluster(s *sent) string {
	service, _, _ := c.Config.World.Port(s.Reached())
	return hopconfig.Cluster(*s.Attempt, service)
}

// destination names where a request must come to.
func (c *Collector) destination(s *sent) string {
	if s.Want.Subset == "" {
		return s.Reached().String()
	}
	return fmt.Sprintf("%s, subset %s", s.Reached(), s.Want.Subset)
}
