package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/clock"
)

const (
	dateInterval = 10 * time.Millisecond // between two questions for the time
	datePrecise  = 20 * time.Millisecond // an uncertainty that needs no further edge: creationTimestamps have whole seconds
)

// Clock measures the clock of the API server, which dates creationTimestamps. It tells whole seconds, so it is asked around
// the edges of some. Of several API servers it is the one that answers; two whose clocks differ are clock.ErrStepped.
func (c *Client) Clock(ctx context.Context) (clock.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout.ServerClock.Duration())
	defer cancel()
	measured, err := edge(ctx, c.Date)
	if err != nil {
		return clock.Reading{}, fmt.Errorf("the API server's clock: %w", err)
	}
	return measured, nil
}

// Date asks the API server for the time. It tells the second that has begun, in the Date header of its answer.
func (c *Client) Date(ctx context.Context) (clock.Exchange, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.config.Host, "/")+"/version", nil)
	if err != nil {
		return clock.Exchange{}, err
	}
	asked := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return clock.Exchange{}, err
	}
	answered := time.Now()
	// What is left unread would close the connection, and the next question would take a handshake longer.
	_, err = io.Copy(io.Discard, response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return clock.Exchange{}, err
	}
	told, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return clock.Exchange{}, fmt.Errorf("GET /version answered %s without a time: %w", response.Status, err)
	}
	return clock.Exchange{Asked: asked, Answered: answered, Told: told}, nil
}

// AwaitSecond returns once the API server tells a second later than a time, so that what is created then has a later
// creationTimestamp. It asks again and again until the context ends.
func (c *Client) AwaitSecond(ctx context.Context, than time.Time) error {
	return eachDate(ctx, c.Date, func(now clock.Exchange) bool { return now.Told.After(than) })
}

// edge asks for the time until it was told right before and right after the edge of a second, or the context ends: then
// what was told so far must do, if there was an edge.
func edge(ctx context.Context, ask func(context.Context) (clock.Exchange, error)) (clock.Reading, error) {
	var told []clock.Exchange
	var measured clock.Reading
	var unmeasured error
	err := eachDate(ctx, ask, func(now clock.Exchange) bool {
		told = append(told, now)
		measured, unmeasured = clock.Measure(time.Second, told...)
		return unmeasured != nil || measured.Uncertainty <= datePrecise
	})
	switch {
	case unmeasured != nil:
		return clock.Reading{}, unmeasured
	case errors.Is(err, context.DeadlineExceeded) && len(told) > 0 && !told[len(told)-1].Told.Equal(told[0].Told):
		return measured, nil
	case err != nil:
		return clock.Reading{}, err
	}
	return measured, nil
}

// eachDate asks for the time until an answer is enough.
func eachDate(ctx context.Context, ask func(context.Context) (clock.Exchange, error), enough func(clock.Exchange) bool) error {
	pause := time.NewTicker(dateInterval)
	defer pause.Stop()
	for {
		now, err := ask(ctx)
		if err != nil {
			return err
		}
		if enough(now) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
}
