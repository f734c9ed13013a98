// Package availability makes figures of what probers told: how much of the traffic of a time was answered, for how long a series
// was out, and whether what must never be answered was not. The times are those of the probers, whose pods share the node with
// the suite and so its clock; the streams of another node's probers are to be corrected before.
package availability

import (
	"fmt"
	"slices"
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// Stream is what one prober told.
type Stream struct {
	Pod   string
	Lines []series.Line // none where the run did not begin
	Ended time.Time     // when the reader saw the stream end; zero while it goes on
}

// told is a stream with its times as those of a clock.
type told struct {
	pod     string
	series  []series.Series
	started time.Time
	records []asked
	paused  []span
	end     *series.End
	ended   time.Time
}

// asked is one request that was due.
type asked struct {
	series.Record
	pod string
	at  time.Time // when it was due
}

// span is a time from its begin until before its end.
type span struct{ from, to time.Time }

func (s span) has(at time.Time) bool { return !at.Before(s.from) && at.Before(s.to) }

func (s span) meets(other span) bool { return s.from.Before(other.to) && other.from.Before(s.to) }

// within cuts off what is outside another one; what is left is empty where they do not meet.
func (s span) within(other span) span {
	if s.from.Before(other.from) {
		s.from = other.from
	}
	if s.to.After(other.to) {
		s.to = other.to
	}
	return s
}

// read takes the lines of a stream.
func read(stream Stream) (told, error) {
	t := told{pod: stream.Pod, ended: stream.Ended}
	for n, line := range stream.Lines {
		switch {
		case n == 0 && line.Header == nil:
			return told{}, fmt.Errorf("the stream of %s does not begin with a header", stream.Pod)
		case line.Header != nil:
			t.series, t.started = line.Header.Series, line.Header.Started
		case line.Record != nil:
			if line.Record.Series < 0 || line.Record.Series >= len(t.series) {
				return told{}, fmt.Errorf("the stream of %s: record %s is of series %d, of %d", stream.Pod, line.Record.ID, line.Record.Series, len(t.series))
			}
			t.records = append(t.records, asked{*line.Record, stream.Pod, t.started.Add(line.Record.Due)})
		case line.Gap != nil:
			t.pause(*line.Gap)
		case line.End != nil:
			t.end = line.End
		}
	}
	for i, s := range t.paused {
		if s.to.Equal(forever) && !t.ended.IsZero() {
			t.paused[i].to = t.ended // it was paused when it was lost
		}
	}
	return t, nil
}

// forever is the end of a pause that has not ended.
var forever = time.Unix(1<<40, 0)

// pause takes a gap, whose end comes in a line of its own.
func (t *told) pause(gap series.Gap) {
	if gap.To == 0 {
		t.paused = append(t.paused, span{t.started.Add(gap.From), forever})
		return
	}
	t.paused = slices.DeleteFunc(t.paused, func(s span) bool { return s.from.Equal(t.started.Add(gap.From)) })
	t.paused = append(t.paused, span{t.started.Add(gap.From), t.started.Add(gap.To)})
}

// place is where the series of a name stands in the stream; -1 where it does not.
func (t told) place(name string) int {
	return slices.IndexFunc(t.series, func(s series.Series) bool { return s.Name == name })
}

// lost lists when requests of a series were due of which the stream tells nothing, as it ended without its end line.
func (t told) lost(place int) []time.Time {
	if t.end != nil || t.ended.IsZero() {
		return nil
	}
	known := map[time.Duration]bool{}
	for _, one := range t.records {
		if one.Series == place {
			known[one.Due] = true
		}
	}
	var all []time.Time
	for n := 0; ; n++ {
		due := series.Due(t.series, place, n)
		at := t.started.Add(due)
		if !at.Before(t.ended) {
			return all
		}
		if !known[due] && !slices.ContainsFunc(t.paused, func(s span) bool { return s.has(at) }) {
			all = append(all, at)
		}
	}
}
