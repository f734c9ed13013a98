package availability

import (
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// Evidence is of a series that must never be answered. In a second it shows something only where its twin was answered, asked by
// the same pod: else the server may not have been there for anyone. Nor does a request show anything that had no connection, or
// no certificate to begin one with.
type Evidence struct {
	Series string `json:"series"`
	Twin   string `json:"twin"`
	Counts
	Successes    []Success `json:"successes,omitempty"`          // requests that the application answered
	WithEvidence int       `json:"secondsWithEvidence"`          // of Counts.Seconds
	WithoutTwin  int       `json:"secondsWithoutTwin,omitempty"` // of Counts.Seconds: the server was reached, and its twin was not answered
}

// Success is a request that got in.
type Success struct {
	ID  string    `json:"id"`
	At  time.Time `json:"at"` // when it was due
	Pod string    `json:"pod"`
}

// place is one pod in one second.
type place struct {
	pod    string
	second int
}

// evidence is that of a time.
func (c collected) evidence(twin collected, flags map[string]string, within span) Evidence {
	e := Evidence{Series: c.series.Name, Twin: c.series.Twin, Counts: c.count(flags, within)}
	there := map[place]bool{}
	for _, one := range twin.in(within) {
		if one.Outcome == series.Answered {
			there[place{one.pod, second(within, one.at)}] = true
		}
	}
	shown := map[int]bool{} // of each second in which the server was reached
	for _, one := range c.in(within) {
		if one.Outcome == series.Answered {
			e.Successes = append(e.Successes, Success{ID: one.ID, At: one.at, Pod: one.pod})
		}
		if one.Outcome == series.Answered || one.Outcome.Failed() && one.Outcome != series.Unconnected {
			n := second(within, one.at)
			shown[n] = shown[n] || there[place{one.pod, n}]
		}
	}
	for n := range c.seconds(within) {
		switch shows, reached := shown[n]; {
		case shows:
			e.WithEvidence++
		case reached:
			e.WithoutTwin++
		}
	}
	return e
}
