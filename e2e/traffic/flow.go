package traffic

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/verdict"
	"mtls.test/conformance/fixtures/agent/call"
)

// Flow is background traffic over some hops, from Start until Stop.
type Flow struct {
	sender *Sender
	id     string
	hops   []hop.Hop
	stop   context.CancelFunc
	ended  chan struct{}
	mu     sync.Mutex
	told   verdict.Traffic
}

const (
	flowService  = "product-service"
	flowInterval = 50 * time.Millisecond // between two requests of one hop
	flowErrors   = 5                     // how many unanswered requests are told
)

// StartFlow starts background traffic over FlowHops of the hops; the ids of its requests begin with id.
func (s *Sender) StartFlow(ctx context.Context, id string, hops []hop.Hop) *Flow {
	ctx, cancel := context.WithCancel(ctx)
	flow := &Flow{sender: s, id: id, hops: s.FlowHops(hops), stop: cancel, ended: make(chan struct{})}
	go flow.run(ctx)
	return flow
}

func (f *Flow) run(ctx context.Context) {
	defer close(f.ended)
	var requests sync.WaitGroup
	defer requests.Wait()
	ticks := time.NewTicker(flowInterval)
	defer ticks.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		attempts := f.attempts(n)
		// A request under way when the flow is stopped is let finish.
		requests.Go(func() { f.send(context.WithoutCancel(ctx), attempts) })
	}
}

// FlowHops are the hops of background traffic that is asked for over some: without any, from the gateway to product-service,
// over gRPC and HTTP.
func (s *Sender) FlowHops(asked []hop.Hop) []hop.Hop {
	if len(asked) > 0 {
		return asked
	}
	return slices.DeleteFunc(s.World.Hops(), func(h hop.Hop) bool {
		client, _ := s.World.Client(h.From)
		_, port, _ := s.World.Port(h.To)
		return client.Kind != hop.Gateway || h.To.Service != flowService || port.Protocol != hop.GRPC && port.Protocol != hop.HTTP
	})
}

func (f *Flow) attempts(n int) []Attempt {
	var attempts []Attempt
	for i, h := range f.hops {
		attempts = append(attempts, Attempt{ID: fmt.Sprintf("%s-%d-%d", f.id, n, i), Hop: h})
	}
	return attempts
}

func (f *Flow) send(ctx context.Context, attempts []Attempt) {
	results, err := f.sender.Send(ctx, attempts)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, attempt := range attempts {
		f.told.Requests++
		if result := results[attempt.ID]; err != nil || !result.Answered() {
			f.told.Unanswered++
			if len(f.told.Errors) < flowErrors {
				f.told.Errors = append(f.told.Errors, unanswered(attempt, result, err))
			}
		}
	}
}

func unanswered(attempt Attempt, result call.Result, err error) string {
	return fmt.Sprintf("%s %s %s: status %d %s %s %v", result.At.Format(time.RFC3339Nano), attempt.ID, attempt.Hop, result.Status, result.Code, result.Error, err)
}

// Stop ends the traffic, waits for the requests under way, and tells what became of all.
func (f *Flow) Stop() verdict.Traffic {
	f.stop()
	<-f.ended
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told
}
