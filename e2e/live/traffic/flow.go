package traffic

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
)

// Flow is background traffic over some hops, from StartFlow until Stop. At each tick it makes one request over every hop. A
// tick is shorter than a change takes to reach the proxies, so some requests begin between the two.
type Flow struct {
	send func(context.Context, []Attempt) (map[string]call.Result, error)
	ours func(Attempt) bool // this process sends it, and no agent
	now  func() time.Time
	id   string
	hops []hop.Hop
	stop context.CancelFunc

	ended chan struct{} // closed once the last request has ended
	mu    sync.Mutex
	told  hop.Traffic
	more  chan struct{} // closed, and made anew, each time that requests have ended
}

const (
	flowService  = "product-service"
	flowInterval = 50 * time.Millisecond // between two requests of one hop
	flowErrors   = 5                     // how many unanswered requests are told
)

// flowAtOnce bounds the ticks whose requests are under way at once. It is more than can be while each request ends within its
// own limit, so it is reached only where requests hang; what it keeps from being sent is unanswered too.
func flowAtOnce() int { return 2 * int(timeout.Request.Duration()/flowInterval) }

// StartFlow starts background traffic over FlowHops of the hops; the ids of its requests begin with id.
func (s *Sender) StartFlow(ctx context.Context, id string, hops []hop.Hop) *Flow {
	ticks := time.NewTicker(flowInterval)
	flow := newFlow(s.Send, id, s.FlowHops(hops))
	flow.ours = func(attempt Attempt) bool {
		via, _, err := s.route(attempt)
		return err == nil && via == here
	}
	flow.start(ctx, ticks.C, ticks.Stop)
	return flow
}

func newFlow(send func(context.Context, []Attempt) (map[string]call.Result, error), id string, hops []hop.Hop) *Flow {
	return &Flow{
		send: send, ours: func(Attempt) bool { return true }, now: time.Now, id: id, hops: hops,
		ended: make(chan struct{}), more: make(chan struct{}),
	}
}

// Hops are those that the flow goes over.
func (f *Flow) Hops() []hop.Hop { return f.hops }

// start makes requests at each tick until Stop, which calls done.
func (f *Flow) start(ctx context.Context, ticks <-chan time.Time, done func()) {
	ctx, f.stop = context.WithCancel(ctx)
	go func() {
		defer done()
		f.run(ctx, ticks)
	}()
}

func (f *Flow) run(ctx context.Context, ticks <-chan time.Time) {
	defer close(f.ended)
	var requests sync.WaitGroup
	defer requests.Wait()
	slots := make(chan struct{}, flowAtOnce())
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		attempts := f.attempts(n)
		select {
		case slots <- struct{}{}:
		default:
			f.unsent(attempts)
			continue
		}
		// A request under way when the flow is stopped is let finish.
		requests.Go(func() {
			defer func() { <-slots }()
			f.request(context.WithoutCancel(ctx), attempts)
		})
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

// request makes the requests of one tick.
func (f *Flow) request(ctx context.Context, attempts []Attempt) {
	began := f.now()
	results, err := f.send(ctx, attempts)
	ended := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, attempt := range attempts {
		result := results[attempt.ID]
		f.told.Requests++
		f.told.Spans = append(f.told.Spans, f.span(attempt, result, began, ended))
		if err != nil || !result.Answered() {
			f.lost(unanswered(attempt, result, err))
		}
	}
	f.tell()
}

// span is when a request of a tick was under way, by this process's clock, which the times of changes are by too: what it
// sent itself it timed itself, and an agent's request lay somewhere between the question to the agent and its answer.
func (f *Flow) span(attempt Attempt, result call.Result, began, ended time.Time) hop.Span {
	if f.ours(attempt) && !result.At.IsZero() {
		return hop.Span{From: result.At, To: result.At.Add(time.Duration(result.Millis) * time.Millisecond)}
	}
	return hop.Span{From: began, To: ended, Sometime: true}
}

// unsent counts requests that could not be sent, for those before them hang.
func (f *Flow) unsent(attempts []Attempt) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, attempt := range attempts {
		f.told.Requests++
		f.told.Unsent++
		f.lost(fmt.Sprintf("%s %s %s: not sent: the requests of %d ticks before it are still under way", f.now().UTC().Format(time.RFC3339Nano), attempt.ID, attempt.Hop, flowAtOnce()))
	}
	f.tell()
}

func (f *Flow) lost(why string) {
	f.told.Unanswered++
	if len(f.told.Errors) < flowErrors {
		f.told.Errors = append(f.told.Errors, why)
	}
}

// tell wakes whoever waits for more requests to end.
func (f *Flow) tell() {
	close(f.more)
	f.more = make(chan struct{})
}

func unanswered(attempt Attempt, result call.Result, err error) string {
	return fmt.Sprintf("%s %s %s: status %d %s %s %v", result.At.Format(time.RFC3339Nano), attempt.ID, attempt.Hop, result.Status, result.Code, result.Error, err)
}

// Await waits until so many requests have ended, answered or not, or ctx is done. The verdict on the traffic says what a
// flow that never came so far lacks.
func (f *Flow) Await(ctx context.Context, requests int) {
	for {
		f.mu.Lock()
		enough, more := f.told.Requests >= requests, f.more
		f.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-more:
		}
	}
}

// Stop ends the traffic, waits for the requests under way, and tells what became of all.
func (f *Flow) Stop() hop.Traffic {
	f.stop()
	<-f.ended
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told
}
