package steps

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/clock"
)

func TestTheUncertaintyIsTheLargestUpToTheLimit(t *testing.T) {
	known := func(uncertainties ...time.Duration) (all []clock.Clock) {
		for _, u := range uncertainties {
			all = append(all, clock.Clock{Reading: clock.Reading{Uncertainty: u}})
		}
		return all
	}
	for name, test := range map[string]struct {
		clocks []clock.Clock
		want   time.Duration
	}{
		"none":             {nil, 0},
		"the larger":       {known(3*time.Millisecond, 5*time.Millisecond, time.Millisecond), 5 * time.Millisecond},
		"beyond the limit": {known(time.Minute), clock.Limit},
	} {
		if got := uncertainty(test.clocks); got != test.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestARunDoesNotBeginWithAClockThatIsNotKnown(t *testing.T) {
	for name, test := range map[string]struct {
		uncertainty time.Duration
		failed      error
		says        string
	}{
		"known":          {clock.Limit, nil, ""},
		"not well known": {clock.Limit + 1, nil, "the API server"},
		"not measured":   {0, errors.New("no date"), "no date"},
	} {
		p := &Player{Clock: func(context.Context) (clock.Reading, error) {
			return clock.Reading{Uncertainty: test.uncertainty}, test.failed
		}}
		err := p.fitClocks(t.Context())
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
