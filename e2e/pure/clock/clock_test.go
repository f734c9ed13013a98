package clock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
)

const ms = time.Millisecond

var began = time.Date(2026, 5, 4, 3, 2, 1, 250_000_000, time.UTC)

// exchange is a question that left at a time of the runner's, was answered halfway of the round trip, and told the time of a
// clock that is ahead.
func exchange(at, trip, ahead time.Duration) clock.Exchange {
	asked := began.Add(at)
	return clock.Exchange{Asked: asked, Answered: asked.Add(trip), Told: asked.Add(trip / 2).Add(ahead)}
}

// dated is the same of a clock that tells whole seconds.
func dated(at, trip, ahead time.Duration) clock.Exchange {
	e := exchange(at, trip, ahead)
	e.Told = e.Told.Truncate(time.Second)
	return e
}

func TestTimesAreConvertedThereAndBack(t *testing.T) {
	for name, offset := range map[string]time.Duration{"ahead": 2 * time.Second, "behind": -2 * time.Second, "the runner's own": 0} {
		reading := clock.Reading{Offset: offset, Uncertainty: ms}
		if got := reading.FromRunner(began); !got.Equal(began.Add(offset)) {
			t.Errorf("%s: the clock shows %s", name, got)
		}
		if back := reading.ToRunner(reading.FromRunner(began)); !back.Equal(began) {
			t.Errorf("%s: back is %s", name, back)
		}
	}
}

func TestOnlyWhatTheUncertaintyDecidesIsAnOrder(t *testing.T) {
	for name, test := range map[string]struct {
		apart, uncertainty time.Duration
		want               clock.Order
	}{
		"before by more":           {-11 * ms, 10 * ms, clock.Before},
		"before by as much":        {-10 * ms, 10 * ms, clock.Unknown},
		"before by less":           {-9 * ms, 10 * ms, clock.Unknown},
		"at once":                  {0, 10 * ms, clock.Unknown},
		"after by less":            {9 * ms, 10 * ms, clock.Unknown},
		"after by as much":         {10 * ms, 10 * ms, clock.After},
		"after by more":            {11 * ms, 10 * ms, clock.After},
		"one clock, before":        {-1, 0, clock.Before},
		"one clock, the same time": {0, 0, clock.After},
		"one clock, after":         {1, 0, clock.After},
	} {
		if got := (clock.Reading{Uncertainty: test.uncertainty}).Compare(began.Add(test.apart), began); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

func TestAClockIsMeasuredAsWellAsTheExchangesAllow(t *testing.T) {
	for name, test := range map[string]struct {
		resolution  time.Duration
		exchanges   []clock.Exchange
		offset      time.Duration // that must be within the uncertainty of the reading
		uncertainty time.Duration // at most
	}{
		"one round trip":                         {0, []clock.Exchange{exchange(0, 4*ms, 0)}, 0, 2 * ms},
		"the shortest of several":                {0, []clock.Exchange{exchange(0, 80*ms, 0), exchange(100*ms, 2*ms, 0), exchange(200*ms, 40*ms, 0)}, 0, ms},
		"ahead":                                  {0, []clock.Exchange{exchange(0, 4*ms, 2*time.Second)}, 2 * time.Second, 2 * ms},
		"behind":                                 {0, []clock.Exchange{exchange(0, 4*ms, -2*time.Second)}, -2 * time.Second, 2 * ms},
		"two that narrow one another":            {0, []clock.Exchange{{Asked: began, Answered: began.Add(10 * ms), Told: began}, {Asked: began, Answered: began.Add(10 * ms), Told: began.Add(9 * ms)}}, -ms / 2, ms},
		"a date, without an edge":                {time.Second, []clock.Exchange{dated(0, 2*ms, 0), dated(10*ms, 2*ms, 0)}, 0, 502 * ms},
		"the edge of a second":                   {time.Second, []clock.Exchange{dated(740*ms, 2*ms, 0), dated(752*ms, 2*ms, 0)}, 0, 7 * ms},
		"the edge of a clock that is behind":     {time.Second, []clock.Exchange{dated(40*ms, 2*ms, -1300*ms), dated(52*ms, 2*ms, -1300*ms)}, -1300 * ms, 7 * ms},
		"an edge that a slow answer straddles":   {time.Second, []clock.Exchange{dated(700*ms, 2*ms, 0), dated(710*ms, 300*ms, 0)}, 0, 155 * ms},
		"a second edge that was met better":      {time.Second, []clock.Exchange{dated(700*ms, 2*ms, 0), dated(710*ms, 300*ms, 0), dated(1745*ms, 2*ms, 0), dated(1751*ms, 2*ms, 0)}, 0, 4 * ms},
		"more than one second between two dates": {time.Second, []clock.Exchange{dated(0, 2*ms, 0), dated(2*time.Second, 2*ms, 0)}, 0, 501 * ms},
	} {
		got, err := clock.Measure(test.resolution, test.exchanges...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Uncertainty > test.uncertainty || (got.Offset-test.offset).Abs() > got.Uncertainty {
			t.Errorf("%s: got %s, want %s to within %s", name, got, test.offset, test.uncertainty)
		}
	}
}

func TestAClockThatIsSetWhileItIsMeasuredIsNotMeasured(t *testing.T) {
	for name, exchanges := range map[string][]clock.Exchange{
		"set ahead": {exchange(0, 2*ms, 0), exchange(10*ms, 2*ms, time.Second)},
		"set back":  {exchange(0, 2*ms, 0), exchange(10*ms, 2*ms, -time.Second)},
	} {
		if got, err := clock.Measure(0, exchanges...); !errors.Is(err, clock.ErrStepped) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	if got, err := clock.Measure(time.Second, dated(0, 2*ms, 0), dated(10*ms, 2*ms, -3*time.Second)); !errors.Is(err, clock.ErrStepped) {
		t.Errorf("two servers whose dates differ: got %s, %v", got, err)
	}
	if _, err := clock.Measure(0); err == nil {
		t.Error("a clock that was not asked is measured")
	}
}

func TestALaterReadingIsTheTruthAndAStepIsRecorded(t *testing.T) {
	for name, test := range map[string]struct {
		first, later clock.Reading
		steps        []time.Duration
		least, most  time.Duration // that the reading for times between must cover
	}{
		"the same":           {clock.Reading{Offset: 0, Uncertainty: ms}, clock.Reading{Offset: 0, Uncertainty: ms}, nil, -ms, ms},
		"explained":          {clock.Reading{Offset: 0, Uncertainty: ms}, clock.Reading{Offset: 2 * ms, Uncertainty: ms}, nil, -ms, 3 * ms},
		"less well known":    {clock.Reading{Offset: 0, Uncertainty: ms}, clock.Reading{Offset: 2 * ms, Uncertainty: 9 * ms}, nil, -7 * ms, 11 * ms},
		"drifted":            {clock.Reading{Offset: 0, Uncertainty: ms}, clock.Reading{Offset: 5 * ms, Uncertainty: ms}, []time.Duration{5 * ms}, -ms, 6 * ms},
		"set ahead by a lot": {clock.Reading{Offset: 0, Uncertainty: ms}, clock.Reading{Offset: 2 * time.Second, Uncertainty: ms}, []time.Duration{2 * time.Second}, -ms, 2001 * ms},
		"set back by a lot":  {clock.Reading{Offset: 2 * time.Second, Uncertainty: ms}, clock.Reading{Offset: 0, Uncertainty: ms}, []time.Duration{-2 * time.Second}, -ms, 2001 * ms},
	} {
		followed := clock.New(name, test.first)
		between := followed.Follow(test.later)
		if followed.Reading != test.later || !slices.Equal(followed.Steps, test.steps) {
			t.Errorf("%s: got %+v", name, followed)
		}
		if between.Offset-between.Uncertainty > test.least || between.Offset+between.Uncertainty < test.most || between.Uncertainty > (test.most-test.least)/2 {
			t.Errorf("%s: for times between it is %s, want from %s to %s", name, between, test.least, test.most)
		}
	}
}

func TestAnUncertaintyBeyondTheLimitIsRefusedWithWhatToDo(t *testing.T) {
	for uncertainty, fit := range map[time.Duration]bool{0: true, clock.Limit: true, clock.Limit + 1: false} {
		err := clock.Clock{Name: "tap/tap-1", Reading: clock.Reading{Offset: -2 * time.Second, Uncertainty: uncertainty}}.Fit()
		if (err == nil) != fit {
			t.Errorf("±%s: got %v", uncertainty, err)
		}
		for _, part := range []string{"tap/tap-1", "-2s ±200ms", "nearer to the cluster"} {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("±%s: %v does not say %q", uncertainty, err, part)
			}
		}
	}
}

func TestALaterMeasurementNeedBeAboutAsGoodAsTheBest(t *testing.T) {
	followed := clock.New("tap/tap-1", clock.Reading{Uncertainty: 20 * ms})
	for later, enough := range map[time.Duration]time.Duration{0: 30 * ms, 40 * ms: 30 * ms} {
		if later > 0 {
			followed.Follow(clock.Reading{Uncertainty: later})
		}
		if got := followed.Enough(); got != enough {
			t.Errorf("after one of ±%s: ±%s is enough, want ±%s", later, got, enough)
		}
	}
	followed.Follow(clock.Reading{Uncertainty: 10 * ms})
	if got := followed.Enough(); got != 15*ms {
		t.Errorf("after a better one: ±%s is enough", got)
	}
	if got := clock.New("near", clock.Reading{}).Enough(); got != clock.Fine {
		t.Errorf("of a clock that is known: ±%s is enough", got)
	}
}

// What happened before a moment, and what happens after twice the distance from it, are on the two sides of a question about
// the times since the distance: however wrong two measurements were, within what they tell of themselves.
func TestWhatIsFarEnoughApartIsSeparated(t *testing.T) {
	for _, uncertainty := range []time.Duration{0, ms, 25 * ms, clock.Limit} {
		first := clock.Reading{Uncertainty: uncertainty}
		enough := clock.New("", first).Enough()
		since := began.Add(first.Apart())
		for _, truth := range []time.Duration{-uncertainty, 0, uncertainty} { // of the offset, within the first reading
			for _, offset := range []time.Duration{truth - enough, truth, truth + enough} { // of the second reading, which contains it
				between := clock.New("", first).Follow(clock.Reading{Offset: offset, Uncertainty: enough})
				asked := between.FromRunner(since).Add(-between.Uncertainty)
				if before := began.Add(truth); !before.Before(asked) && uncertainty > 0 {
					t.Errorf("±%s, offset %s, measured %s: what was before is dated %s, and asked is since %s", uncertainty, truth, between, before, asked)
				}
				if after := began.Add(2 * first.Apart()).Add(truth); after.Before(asked) {
					t.Errorf("±%s, offset %s, measured %s: what is after is dated %s, and asked is since %s", uncertainty, truth, between, after, asked)
				}
			}
		}
	}
}
