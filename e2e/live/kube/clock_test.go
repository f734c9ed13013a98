package kube

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"mtls.test/conformance/e2e/pure/clock"
)

// server is an API server whose clock is ahead of the runner's, in a time that goes on only while it is asked.
type server struct {
	now         time.Time
	ahead, trip time.Duration
	slow        map[int]time.Duration // by question: a round trip of its own
	until       int                   // questions until the context ends; never where it is 0
	asked       int
}

func (s *server) ask(ctx context.Context) (clock.Exchange, error) {
	if s.asked++; s.until > 0 && s.asked > s.until {
		return clock.Exchange{}, context.DeadlineExceeded
	}
	trip := s.trip
	if slow, is := s.slow[s.asked]; is {
		trip = slow
	}
	asked := s.now
	s.now = s.now.Add(trip)
	told := asked.Add(trip / 2).Add(s.ahead).Truncate(time.Second)
	return clock.Exchange{Asked: asked, Answered: s.now, Told: told}, ctx.Err()
}

func TestTheEdgeOfASecondIsFound(t *testing.T) {
	began := time.Date(2026, 5, 4, 3, 2, 1, 850_000_000, time.UTC)
	for name, test := range map[string]struct {
		server      server
		uncertainty time.Duration // at most
		asked       int           // at most
	}{
		"near":                          {server{trip: 10 * time.Millisecond}, 10 * time.Millisecond, 20},
		"ahead":                         {server{trip: 10 * time.Millisecond, ahead: 2030 * time.Millisecond}, 10 * time.Millisecond, 20},
		"behind":                        {server{trip: 10 * time.Millisecond, ahead: -1999 * time.Millisecond}, 10 * time.Millisecond, 20},
		"an answer at the edge is slow": {server{trip: 10 * time.Millisecond, slow: map[int]time.Duration{15: 400 * time.Millisecond}}, 20 * time.Millisecond, 150},
		"far":                           {server{trip: 150 * time.Millisecond, until: 26}, 150 * time.Millisecond, 27},
	} {
		s := test.server
		s.now = began
		got, err := edge(t.Context(), s.ask)
		if err != nil || got.Uncertainty > test.uncertainty || (got.Offset-s.ahead).Abs() > got.Uncertainty || s.asked > test.asked {
			t.Errorf("%s: got %s after %d questions, %v", name, got, s.asked, err)
		}
	}
}

func TestAClockWithoutAnEdgeOrWithTwoTimesIsNotMeasured(t *testing.T) {
	began := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	stopped := &server{now: began, trip: time.Millisecond, until: 20}
	if got, err := edge(t.Context(), stopped.ask); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without an edge: got %s, %v", got, err)
	}
	two := &server{now: began, trip: 10 * time.Millisecond}
	both := func(ctx context.Context) (clock.Exchange, error) {
		now, err := two.ask(ctx)
		if two.asked%2 == 0 {
			now.Told = now.Told.Add(3 * time.Second)
		}
		return now, err
	}
	if got, err := edge(t.Context(), both); !errors.Is(err, clock.ErrStepped) {
		t.Errorf("two servers: got %s, %v", got, err)
	}
}

func TestTheTimeIsTheDateHeaderOfAnAnswer(t *testing.T) {
	dated := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Mon, 04 May 2026 03:02:01 GMT")
		if r.URL.Path != "/version" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(dated.Close)
	c := &Client{config: &rest.Config{Host: dated.URL}, http: dated.Client()}
	got, err := c.Date(t.Context())
	if err != nil || !got.Told.Equal(time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)) || got.Answered.Before(got.Asked) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := c.AwaitSecond(t.Context(), got.Told.Add(-time.Second)); err != nil {
		t.Errorf("a second that has begun: %v", err)
	}
	ended, end := context.WithTimeout(t.Context(), 3*dateInterval)
	defer end()
	if err := c.AwaitSecond(ended, got.Told); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the same second is taken for a later one: %v", err)
	}
	undated := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil }))
	t.Cleanup(undated.Close)
	if got, err := (&Client{config: &rest.Config{Host: undated.URL}, http: undated.Client()}).Date(t.Context()); err == nil {
		t.Errorf("without a date: got %+v", got)
	}
}
