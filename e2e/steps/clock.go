package steps

import (
	"context"
	"errors"
	"time"

	"mtls.test/conformance/e2e/clock"
)

// cutoff returns a time, by the runner's clock, that parts what the taps saw before now from what they see after it returns.
// Their clocks are known to some uncertainty, so nothing may happen close to that time: it is waited for on both sides. A tap
// may be measured half as well when it is asked; hence twice the uncertainty on each side.
func (p *Player) cutoff(ctx context.Context) (time.Time, error) {
	now := time.Now()
	if p.Taps == nil {
		return now, nil
	}
	margin := 2 * uncertainty(p.Taps.Clocks())
	over := time.NewTimer(2 * margin)
	defer over.Stop()
	select {
	case <-over.C:
		return now.Add(margin), nil
	case <-ctx.Done():
		return now, ctx.Err()
	}
}

// uncertainty is the largest of some clocks. What is beyond the limit of a run is not waited for: comparisons with such a clock
// are INCONCLUSIVE.
func uncertainty(clocks []clock.Clock) time.Duration {
	var largest time.Duration
	for _, c := range clocks {
		largest = max(largest, c.Uncertainty)
	}
	return min(largest, clock.Limit)
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
