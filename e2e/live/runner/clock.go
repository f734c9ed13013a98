package runner

import (
	"context"
	"errors"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
)

// cutoff returns a time, by the runner's clock, that separates what the taps saw before now from what they see after it returns.
// Their clocks are known with some uncertainty, so it waits until nothing can be too close to that time.
func (p *Player) cutoff(ctx context.Context) (time.Time, error) {
	now := time.Now()
	if p.Taps == nil {
		return now, nil
	}
	var apart time.Duration
	for _, c := range p.Taps.Clocks() {
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
func (p *Player) fitClocks(ctx context.Context) error {
	measured, err := p.Clock(ctx)
	if err != nil {
		return err
	}
	p.apiServer = clock.Clock{Name: serverClock, Reading: measured}
	var unfit []error
	for _, c := range p.clocks() {
		unfit = append(unfit, c.Fit())
	}
	return errors.Join(unfit...)
}

// clocks are those that are measured.
func (p *Player) clocks() []clock.Clock {
	all := []clock.Clock{p.apiServer}
	if p.Taps != nil {
		all = append(all, p.Taps.Clocks()...)
	}
	return all
}
