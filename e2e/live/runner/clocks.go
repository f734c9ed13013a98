package runner

import (
	"context"
	"errors"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
)

// cutoff returns a time, by the runner's clock, that separates what the taps saw before the call from what they see after it. The
// taps' clocks are known with some uncertainty, so the call waits until nothing can be too close to that time.
func (r *Runner) cutoff(ctx context.Context) (time.Time, error) {
	now := time.Now()
	if r.Taps == nil {
		return now, nil
	}
	var apart time.Duration
	for _, c := range r.Taps.Clocks() {
		apart = max(apart, c.Apart())
	}
	over := time.NewTimer(2 * apart)
	defer over.Stop()
	select {
	case <-over.C:
		return now.Add(apart), nil
	case <-ctx.Done():
		return now, ctx.Err()
	}
}

// serverClock is the name of the API server's clock.
const serverClock = "the API server"

// fitClocks measures the API server's clock, and returns an error for every clock that is not known well enough for a run. Those of
// the taps are measured when they begin to watch.
func (r *Runner) fitClocks(ctx context.Context) error {
	measured, err := r.Clock(ctx)
	if err != nil {
		return err
	}
	r.apiServer = clock.Clock{Name: serverClock, Reading: measured}
	var unfit []error
	for _, c := range r.clocks() {
		unfit = append(unfit, c.Fit())
	}
	return errors.Join(unfit...)
}

// clocks are those that are measured.
func (r *Runner) clocks() []clock.Clock {
	all := []clock.Clock{r.apiServer}
	if r.Taps != nil {
		all = append(all, r.Taps.Clocks()...)
	}
	return all
}
