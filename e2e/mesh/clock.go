package mesh

import (
	"context"
	"fmt"
	"time"

	"mtls.test/conformance/e2e/clock"
	"mtls.test/conformance/fixtures/agent/control"
)

// clockExchanges is how often a tap is asked for the time: the shortest round trip counts, and one may be slow by chance.
const clockExchanges = 5

// Clock measures the clock by which a tap dates packets.
func (m *Mesh) Clock(ctx context.Context, tap Proxy) (clock.Reading, error) {
	var exchanges []clock.Exchange
	for range clockExchanges {
		var told control.ClockAnswer
		asked := time.Now()
		if err := m.Control(ctx, tap, control.PathClock, control.ClockRequest{}, &told); err != nil {
			return clock.Reading{}, err
		}
		exchanges = append(exchanges, clock.Exchange{Asked: asked, Answered: time.Now(), Told: told.Now})
	}
	measured, err := clock.Measure(0, exchanges...)
	if err != nil {
		return clock.Reading{}, fmt.Errorf("the clock of %s: %w", tap, err)
	}
	return measured, nil
}
