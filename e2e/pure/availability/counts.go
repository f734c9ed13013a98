package availability

import (
	"strings"
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// Counts are the requests of one series that were due in a time, over all pods.
type Counts struct {
	Asked           int            `json:"asked"` // that were due
	Sent            int            `json:"sent"`
	SentShare       float64        `json:"sentShare"` // of those asked; 0 where none were
	Answered        int            `json:"answered"`
	Failed          int            `json:"failed"`
	Abandoned       int            `json:"abandoned,omitempty"` // sent, and the prober ended before their answer
	Lost            int            `json:"lost,omitempty"`      // due, and not told of: the stream ended without its end line
	FailedBy        map[string]int `json:"failedBy,omitempty"`  // by how: outcome, code and flag, parted by spaces
	Late            int            `json:"late,omitempty"`      // sent more than series.LateAfter after they were due
	WorstLateMillis int64          `json:"worstLateMillis,omitempty"`
	Gaps            []Gap          `json:"gaps,omitempty"`
	Seconds         int            `json:"seconds"`                     // whole seconds of the time, but for those with a pause
	WithoutPod      int            `json:"secondsWithoutPod,omitempty"` // those of them in which no pod asked
}

// count counts the requests that were due in a time.
func (c collected) count(flags map[string]string, time span) Counts {
	counts := Counts{FailedBy: map[string]int{}, Gaps: c.gapsIn(time)}
	for _, at := range c.lost {
		if time.has(at) {
			counts.Lost++
		}
	}
	counts.Asked = counts.Lost
	for _, one := range c.in(time) {
		counts.add(one, flags)
	}
	if counts.Asked > 0 {
		counts.SentShare = float64(counts.Sent) / float64(counts.Asked)
	}
	seen := map[int]bool{}
	for _, one := range c.in(time) {
		seen[second(time, one.at)] = true
	}
	for n := range c.seconds(time) {
		counts.Seconds++
		if !seen[n] {
			counts.WithoutPod++
		}
	}
	return counts
}

func (c *Counts) add(one asked, flags map[string]string) {
	c.Asked++
	if one.Outcome == series.Unsent {
		return
	}
	c.Sent++
	if one.Late() {
		c.Late++
	}
	c.WorstLateMillis = max(c.WorstLateMillis, (one.Sent - one.Due).Milliseconds())
	switch {
	case one.Outcome == series.Answered:
		c.Answered++
	case one.Outcome == series.Abandoned:
		c.Abandoned++
	case one.Outcome.Failed():
		c.Failed++
		c.FailedBy[one.how(flags)]++
	}
}

// how is how a request failed: its outcome, with what is known beside it.
func (a asked) how(flags map[string]string) string {
	return strings.Join(strings.Fields(string(a.Outcome)+" "+a.Code+" "+flags[a.ID]), " ")
}

// in lists the requests that were due in a time.
func (c collected) in(time span) []asked {
	var all []asked
	for _, one := range c.records {
		if time.has(one.at) {
			all = append(all, one)
		}
	}
	return all
}

// second is the place of a moment among the whole seconds of a time, which begin with it.
func second(within span, at time.Time) int { return int(at.Sub(within.from) / time.Second) }

// seconds are the whole seconds of a time in which no pod was paused.
func (c collected) seconds(within span) map[int]bool {
	all := map[int]bool{}
	for n := range int(within.to.Sub(within.from) / time.Second) {
		begin := within.from.Add(time.Duration(n) * time.Second)
		if !c.pausedIn(span{begin, begin.Add(time.Second)}) {
			all[n] = true
		}
	}
	return all
}

func (c collected) pausedIn(time span) bool {
	for _, s := range c.paused {
		if s.meets(time) {
			return true
		}
	}
	return false
}
