package existing

import (
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
)

func TestPreflightRefusesAClockThatIsNotKnown(t *testing.T) {
	for name, test := range map[string]struct {
		measured clock.Reading
		err      error
		fit      bool
		says     string
	}{
		"known, and wrong": {clock.Reading{Offset: -2 * time.Second, Uncertainty: 6 * time.Millisecond}, nil, true, "-2s ±6ms"},
		"at the limit":     {clock.Reading{Uncertainty: clock.Limit}, nil, true, "±200ms"},
		"not well known":   {clock.Reading{Uncertainty: 350 * time.Millisecond}, nil, false, "±350ms"},
		"not measured":     {clock.Reading{}, clock.ErrStepped, false, clock.ErrStepped.Error()},
	} {
		section := ofClock(test.measured, test.err)
		line := section.Lines[0]
		if Fit([]Section{section}) != test.fit || !strings.Contains(line.Says, test.says) || (line.Hint == "") != test.fit {
			t.Errorf("%s: got %+v", name, section)
		}
	}
}
