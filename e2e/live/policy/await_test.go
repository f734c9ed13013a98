package policy

import (
	"context"
	"errors"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/fixture"
)

// dates is an API server's clock, far from the runner's. It tells what was awaited of it.
type dates struct {
	now     time.Time
	awaited []time.Time
	failed  error
}

func (d *dates) Date(context.Context) (clock.Exchange, error) {
	return clock.Exchange{Told: d.now}, d.failed
}

func (d *dates) AwaitSecond(_ context.Context, than time.Time) error {
	d.awaited = append(d.awaited, than)
	return nil
}

func TestACreationWaitsForASecondOfTheServersClock(t *testing.T) {
	now := time.Now().Add(-time.Hour).Truncate(time.Second)
	latest := now.Add(-time.Second)
	for created, want := range map[fixture.Created][]time.Time{fixture.Whenever: nil, fixture.Together: {now}, fixture.Later: {latest}} {
		server := &dates{now: now}
		p := &Policies{clock: server, latest: latest}
		if err := p.await(t.Context(), created); err != nil || len(server.awaited) != len(want) || len(want) == 1 && !server.awaited[0].Equal(want[0]) {
			t.Errorf("%q: awaited %v, %v", created, server.awaited, err)
		}
	}
	away := &Policies{clock: &dates{failed: errors.New("away")}}
	if err := away.await(t.Context(), fixture.Together); err == nil {
		t.Error("a server that does not answer has a time")
	}
}
