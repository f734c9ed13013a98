package availability

import (
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// Outage is a time in which every request of a series that was due failed, over all pods: from when the first of them was due
// until when the next one that was answered was. It ends one period after the last failure where nothing more was asked.
type Outage struct {
	From   time.Time `json:"from"`
	Millis int64     `json:"millis"`
	Reused bool      `json:"reused,omitempty"` // the first of them went over a connection that had carried another request, as those of a Lane do
}

// outages lists the outages of a time, cut to it. Requests of which the end is not known are passed over.
func (c collected) outages(within span) []Outage {
	var all []Outage
	var first, last time.Time // of the failures since the last answer; zero where there is none
	reused := false           // the connection of the first
	period := c.series.Period()
	ends := func(at time.Time) {
		if !first.IsZero() {
			if out := (span{first, at}); out.meets(within) {
				out = out.within(within)
				all = append(all, Outage{From: out.from, Millis: out.to.Sub(out.from).Milliseconds(), Reused: reused})
			}
		}
		first = time.Time{}
	}
	for _, one := range c.records {
		if !first.IsZero() && one.at.Sub(last) > 2*period {
			ends(last.Add(period)) // nothing was asked for a while: paused, or no pod was there
		}
		switch {
		case one.Outcome == series.Answered:
			ends(one.at)
		case one.Outcome.Failed():
			if first.IsZero() {
				first, reused = one.at, one.Reused
			}
			last = one.at
		}
	}
	ends(last.Add(period))
	return all
}
