// Package clock relates the clocks of other machines to the runner's. A time of one clock is compared with a time of another
// only through a reading, which says how far the two are apart and how well that is known.
package clock

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limit is the largest uncertainty with which a run begins. Beyond it most comparisons with a time of the runner's could
// not be decided.
const Limit = 200 * time.Millisecond

// Fine is an uncertainty that nothing is gained by making smaller.
const Fine = time.Millisecond

// Reading is what was measured of a clock: it shows the runner's time plus Offset, and Offset is wrong by at most
// Uncertainty. The zero reading is the runner's own clock.
type Reading struct {
	Offset      time.Duration `json:"offsetNanos"` // positive where the clock is ahead of the runner's
	Uncertainty time.Duration `json:"uncertaintyNanos"`
}

// ToRunner converts a time of the clock to the runner's. The result is wrong by at most Uncertainty.
func (r Reading) ToRunner(t time.Time) time.Time { return t.Add(-r.Offset) }

// FromRunner converts a time of the runner's to the clock's. The result is wrong by at most Uncertainty.
func (r Reading) FromRunner(t time.Time) time.Time { return t.Add(r.Offset) }

// Order is which of two times came first.
type Order int

// The orders. Unknown is the zero value: nobody takes it for an answer by mistake.
const (
	Unknown Order = iota // the uncertainty is larger than the distance of the two
	Before
	After // or at the same time
)

// Compare tells whether a time of the clock, converted by ToRunner, was before or after a time of the runner's.
func (r Reading) Compare(converted, runner time.Time) Order {
	switch apart := converted.Sub(runner); {
	case apart < -r.Uncertainty:
		return Before
	case apart >= r.Uncertainty:
		return After
	}
	return Unknown
}

// String returns "+2.0004s ±300µs", rounded to microseconds.
func (r Reading) String() string {
	sign := "+"
	if r.Offset < 0 {
		sign = ""
	}
	return fmt.Sprintf("%s%s ±%s", sign, r.Offset.Round(time.Microsecond), r.Uncertainty.Round(time.Microsecond))
}

// Exchange is one question for the time of a clock. Asked and Answered are the runner's times.
type Exchange struct {
	Asked, Answered time.Time
	Told            time.Time // by the clock, at some moment in between
}

// ErrStepped is returned, wrapped, where no single offset explains what a clock told: it, or the runner's, was set meanwhile.
var ErrStepped = errors.New("the clock was set while it was measured")

// Measure is the reading that explains every exchange with a clock that tells its time in steps of the resolution, rounded
// down: zero for one that tells nanoseconds, a second for a Date header (RFC 9110 section 5.6.7).
//
// When the answer arrived the clock showed Told or more, and when the question left it showed less than Told and one step.
// Both bound the offset; exchanges narrow the bounds together (the intersection of RFC 5905 section 11.2.1). One exchange
// of the shortest round trip gives half of that trip as the uncertainty, two around the edge of a second half of their span.
func Measure(resolution time.Duration, exchanges ...Exchange) (Reading, error) {
	if len(exchanges) == 0 {
		return Reading{}, errors.New("the clock was not asked")
	}
	var least, most []time.Duration
	for _, e := range exchanges {
		least = append(least, e.Told.Sub(e.Answered))
		most = append(most, e.Told.Add(resolution).Sub(e.Asked))
	}
	if slices.Max(least) > slices.Min(most) {
		return Reading{}, fmt.Errorf("%w: its offset is %s at least and %s at most", ErrStepped, slices.Max(least), slices.Min(most))
	}
	return within(slices.Max(least), slices.Min(most)), nil
}

// within is the reading of an offset between two bounds.
func within(least, most time.Duration) Reading {
	half := (most - least + 1) / 2 // rounded up, so that both bounds are within it
	return Reading{Offset: least + (most-least)/2, Uncertainty: half}
}

func (r Reading) bounds() (least, most time.Duration) {
	return r.Offset - r.Uncertainty, r.Offset + r.Uncertainty
}

// Clock is one clock and what was measured of it last.
type Clock struct {
	Name string `json:"name"` // whose it is: a tap's pod, the API server
	Reading
	Steps []time.Duration `json:"stepsNanos,omitempty"` // by how much its offset changed, where the uncertainties do not explain it

	best time.Duration // the smallest uncertainty so far
}

// New is a clock by its first reading.
func New(name string, first Reading) *Clock {
	return &Clock{Name: name, Reading: first, best: first.Uncertainty}
}

// Enough is the uncertainty at which a later measurement is as good as can be hoped for: half as much again as the best one's.
func (c *Clock) Enough() time.Duration { return max(Fine, c.best+c.best/2) }

// Apart is how far a time must be from what happened before it and after it, for questions about the clock's times since then
// to separate the two. The reading for times between two measurements is uncertain by the sum of both, 2.5 times that
// of the first if the second is good enough; that counts twice, in the question and in the answer.
func (r Reading) Apart() time.Duration { return 5 * max(Fine, min(r.Uncertainty, Limit)) }

// Follow takes a later reading as the truth from now on. The clock was set or drifted in between where the two readings do not
// overlap, which is recorded. It returns the reading for times between the two: its uncertainty covers both.
func (c *Clock) Follow(later Reading) Reading {
	least, most := c.bounds()
	laterLeast, laterMost := later.bounds()
	if laterLeast > most || laterMost < least {
		c.Steps = append(c.Steps, later.Offset-c.Offset)
	}
	c.Reading, c.best = later, min(c.best, later.Uncertainty)
	return within(min(least, laterLeast), max(most, laterMost))
}

// Fit returns an error where a clock is not known well enough for a run to begin.
func (c Clock) Fit() error {
	if c.Uncertainty <= Limit {
		return nil
	}
	return fmt.Errorf("the clock of %s was measured as %s beside the runner's, and must be known to ±%s: the round trip to it is too long, "+
		"so run from a machine nearer to the cluster, or when network and nodes are less busy", c.Name, c.Reading, Limit)
}
