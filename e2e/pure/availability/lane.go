package availability

import (
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// Lane is the requests of a time that went over connections of one kind, by the whole seconds of the time, of all series that are
// to be answered.
type Lane struct {
	Reused   bool  `json:"reused"`   // the connection had carried another request
	Answered []int `json:"answered"` // in each second, by when the request was due
	Failed   []int `json:"failed"`
}

// lanes are the requests over new connections, and those over reused ones.
func lanes(all []told, within span) []Lane {
	seconds := int((within.to.Sub(within.from) + time.Second - 1) / time.Second)
	both := []Lane{
		{Answered: make([]int, seconds), Failed: make([]int, seconds)},
		{Reused: true, Answered: make([]int, seconds), Failed: make([]int, seconds)},
	}
	for _, t := range all {
		for _, one := range t.records {
			if t.series[one.Series].Wants() == series.Never || !within.has(one.at) {
				continue
			}
			lane := &both[0]
			if one.Reused {
				lane = &both[1]
			}
			switch {
			case one.Outcome == series.Answered:
				lane.Answered[second(within, one.at)]++
			case one.Outcome.Failed():
				lane.Failed[second(within, one.at)]++
			}
		}
	}
	return both
}
