package verdict_test

import (
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/hop"
)

func TestWhatTheClocksCannotTellIsInconclusive(t *testing.T) {
	for name, test := range map[string]struct {
		opened, uncertainty time.Duration // opened so long after the settling
		result              hop.Result
		reason              string
	}{
		"after, by more than the uncertainty":  {101 * time.Millisecond, 100 * time.Millisecond, hop.Pass, "TLSv1.3"},
		"after, by as much":                    {100 * time.Millisecond, 100 * time.Millisecond, hop.Pass, "TLSv1.3"},
		"after, within the uncertainty":        {99 * time.Millisecond, 100 * time.Millisecond, hop.Inconclusive, "opened at 03:04:05.099, and the mesh had settled at 03:04:05.000: which came first cannot be told, for the clock of tap/tap-1 is known beside the runner's to ±100ms only"},
		"before, within the uncertainty":       {-99 * time.Millisecond, 100 * time.Millisecond, hop.Inconclusive, "cannot be told"},
		"before, by as much":                   {-100 * time.Millisecond, 100 * time.Millisecond, hop.Inconclusive, "cannot be told"},
		"before, by more":                      {-101 * time.Millisecond, 100 * time.Millisecond, hop.Inconclusive, "before the mesh had settled"},
		"an uncertainty of minutes":            {time.Second, 2 * time.Minute, hop.Inconclusive, "±2m0s only"},
		"before, by a clock without an error":  {-1, 0, hop.Inconclusive, "before the mesh had settled"},
		"at once, by a clock without an error": {0, 0, hop.Pass, "TLSv1.3"},
	} {
		check := mtlsCheck()
		check.Settled.At = settled
		check.Observers.Wire.By = "tap/tap-1"
		check.Observers.Wire.Packets = &hop.Packets{Opened: settled.Add(test.opened), Clock: clock.Reading{Offset: -2 * time.Second, Uncertainty: test.uncertainty}}
		check.Judge()
		if check.Result != test.result || !strings.Contains(check.Reason, test.reason) || check.OnTheWire() != (test.result == hop.Pass) {
			t.Errorf("%s: got %s %s, on the wire: %t", name, check.Result, check.Reason, check.OnTheWire())
		}
		check.Want = hop.Plaintext
		if check.Judge(); test.result == hop.Inconclusive && check.Result != hop.Inconclusive {
			t.Errorf("%s, against a want that it is not: got %s %s", name, check.Result, check.Reason)
		}
	}
}

func TestAKeptConnectionMayBeOlderThanTheSettling(t *testing.T) {
	check := mtlsCheck()
	check.Settled.At, check.On = settled.Add(time.Minute), "kept"
	if check.Judge(); check.Result != hop.Pass || !check.OnTheWire() {
		t.Errorf("got %s %s", check.Result, check.Reason)
	}
}
