package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
)

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
		r := &Runner{Clock: func(context.Context) (clock.Reading, error) {
			return clock.Reading{Uncertainty: test.uncertainty}, test.failed
		}}
		err := r.fitClocks(t.Context())
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
