package mesh

import (
	"context"
	"fmt"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/fixtures/agent/control"
)

// mostExchanges bounds how often a tap is asked for the time in one measurement: the shortest round trip counts, and those of
// a busy machine are slow by chance.
const mostExchanges = 20

// Clock measures the clock by which a tap dates packets, until the uncertainty is small enough or the tap was asked often
// enough.
func (m *Mesh) Clock(ctx context.Context, tap Proxy, enough time.Duration) (clock.Reading, error) {
	var exchanges []clock.Exchange
	var measured clock.Reading
	for range mostExchanges {
		var told control.ClockAnswer
		asked := time.Now()
		if err := m.Control(ctx, tap, control.PathClock, control.ClockRequest{}, &told); err != nil {
			return clock.Reading{}, err
		}
		exchanges = append(exchanges, clock.Exchange{Asked: asked, Answered: time.Now(), Told: told.Now})
		var err error
		if measured, err = clock.Measure(0, exchanges...); err != nil {
			return clock.Reading{}, fmt.Errorf("the clock of %s: %w", tap, err)
		}
		if measured.Uncertainty <= enough {
			break
		}
	}
	return measured, nil
}
