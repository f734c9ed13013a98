package traffic

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/seen"
)

var flowHops = []hop.Hop{{From: "gateway", To: hop.ServicePort{Service: "product-service", Port: 8080}}}

// answering answers after a delay, or once ctx is done.
func answering(delay time.Duration) func(context.Context, []Attempt) (map[string]call.Result, error) {
	return func(ctx context.Context, attempts []Attempt) (map[string]call.Result, error) {
		began := time.Now()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(delay):
		}
		results := map[string]call.Result{}
		for _, attempt := range attempts {
			results[attempt.ID] = call.Result{ID: attempt.ID, At: began, Millis: time.Since(began).Milliseconds(), Seen: &seen.Record{ID: attempt.ID}}
		}
		return results, nil
	}
}

func ticking(f *Flow) {
	ticks := time.NewTicker(flowInterval)
	f.start(context.Background(), ticks.C, ticks.Stop)
}

func TestAFlowGoesOnUntilItHasMadeSoManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flow := newFlow(answering(10*time.Millisecond), "flow", flowHops)
		began := time.Now()
		ticking(flow)
		flow.Await(t.Context(), 20)
		took := time.Since(began)
		told := flow.Stop()
		if told.Requests < 20 || told.Unanswered != 0 || took < 20*flowInterval {
			t.Errorf("%+v after %s, want 20 requests at one each %s", told, took, flowInterval)
		}
		for _, span := range told.Spans {
			if span.To.Sub(span.From) != 10*time.Millisecond {
				t.Errorf("a request from %s to %s, want 10 ms", span.From, span.To)
			}
		}
	})
}

func TestAwaitEndsWhereNoRequestDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flow := newFlow(answering(time.Hour), "flow", flowHops)
		ticking(flow)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		flow.Await(ctx, flowAtOnce()*100)
		if ctx.Err() == nil {
			t.Error("it waited for nothing")
		}
		flow.Stop()
	})
}

func TestAFlowThatHangsIsBoundedAndWhatItCannotSendCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		underWay, most := 0, 0
		hang := make(chan struct{})
		send := func(context.Context, []Attempt) (map[string]call.Result, error) {
			underWay++
			most = max(most, underWay)
			<-hang
			return nil, errors.New("hung")
		}
		flow := newFlow(send, "flow", flowHops)
		ticks := make(chan time.Time)
		flow.start(t.Context(), ticks, func() {})
		for range flowAtOnce() + 30 {
			ticks <- time.Now()
			synctest.Wait()
		}
		close(hang)
		told := flow.Stop()
		if most != flowAtOnce() || told.Requests != flowAtOnce()+30 || told.Unanswered != flowAtOnce()+30 || told.Unsent != 30 {
			t.Errorf("%d at once and %d requests, of which %d unanswered and %d unsent; want %d, %d, %d and 30",
				most, told.Requests, told.Unanswered, told.Unsent, flowAtOnce(), flowAtOnce()+30, flowAtOnce()+30)
		}
		if len(told.Spans) != flowAtOnce() {
			t.Errorf("%d spans of requests that were sent, want %d", len(told.Spans), flowAtOnce())
		}
	})
}

func TestARequestOfAnAgentWasUnderWayAtSomeInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flow := newFlow(answering(10*time.Millisecond), "flow", flowHops)
		flow.ours = func(Attempt) bool { return false }
		ticking(flow)
		flow.Await(t.Context(), 1)
		told := flow.Stop()
		if span := told.Spans[0]; !span.Sometime || span.To.Before(span.From) {
			t.Errorf("%+v, want a span in which it was under way sometime", span)
		}
	})
}
