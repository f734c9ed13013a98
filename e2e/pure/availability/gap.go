package availability

import (
	"cmp"
	"slices"
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// The reasons of gaps, beside series.Paused.
const (
	Terminated = string(series.Terminated) // the prober's own pod ended
	Lost       = "lost"                    // the stream ended without an end line: what was asked then is not known
)

// Gap is a time in which one pod asked nothing, or is not known to have asked.
type Gap struct {
	Pod  string    `json:"pod"`
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"` // not known of a pod that was terminated
	Why  string    `json:"why"`
}

// collected is what all streams say of one series.
type collected struct {
	series  series.Series
	records []asked // in the order in which they were due
	lost    []time.Time
	paused  []span
	gaps    []Gap // all of them
}

// collect puts together what all streams say of the series of a name.
func collect(streams []told, name string) collected {
	var c collected
	for _, t := range streams {
		place := t.place(name)
		if place < 0 {
			continue
		}
		c.series = t.series[place]
		for _, one := range t.records {
			if one.Series == place {
				c.records = append(c.records, one)
			}
		}
		c.paused = append(c.paused, t.paused...)
		for _, s := range t.paused {
			c.gaps = append(c.gaps, Gap{Pod: t.pod, From: s.from, To: s.to, Why: series.Paused})
		}
		if lost := t.lost(place); len(lost) > 0 {
			c.lost = append(c.lost, lost...)
			c.gaps = append(c.gaps, Gap{Pod: t.pod, From: lost[0], To: t.ended, Why: Lost})
		}
		if t.end != nil && t.end.Reason == series.Terminated {
			c.gaps = append(c.gaps, Gap{Pod: t.pod, From: t.started.Add(t.end.At), Why: Terminated})
		}
	}
	slices.SortStableFunc(c.records, func(a, b asked) int { return a.at.Compare(b.at) })
	return c
}

// gapsIn lists the gaps of a time, cut to it.
func (c collected) gapsIn(time span) []Gap {
	var all []Gap
	for _, gap := range c.gaps {
		if gap.To.IsZero() {
			if time.has(gap.From) {
				all = append(all, gap)
			}
			continue
		}
		if s := (span{gap.From, gap.To}); s.meets(time) {
			s = s.within(time)
			gap.From, gap.To = s.from, s.to
			all = append(all, gap)
		}
	}
	slices.SortStableFunc(all, func(a, b Gap) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Pod, b.Pod)) })
	return all
}
