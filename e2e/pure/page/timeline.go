package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// timeline is what happened in a case, in the order of its begin.
type timeline struct {
	Length string // from the first event to the end of the last
	Events []event
}

// event is a change until it is settled, or the requests of a step. X and Width are in thousandths of the whole.
type event struct {
	Kind     string // change or requests
	What     string
	Detail   string
	X, Width int
	Ticks    []int // where a proxy was seen to have the change
	began    time.Time
	ended    time.Time
	proxies  []time.Time
}

// timelineOf returns nil for a case that has no time to tell.
func timelineOf(c report.Case) *timeline {
	var events []event
	for _, change := range c.Changes {
		if !change.At.IsZero() {
			events = append(events, changed(change))
		}
	}
	events = append(events, rounds(c.Checks)...)
	if len(events) == 0 {
		return nil
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.began.Compare(b.began) })
	first := events[0].began
	last := slices.MaxFunc(events, func(a, b event) int { return a.ended.Compare(b.ended) }).ended
	whole := max(last.Sub(first), time.Millisecond)
	place := func(at time.Time) int { return min(int(1000*at.Sub(first)/whole), 1000) }
	for i := range events {
		e := &events[i]
		e.X = min(place(e.began), 995)
		e.Width = max(place(e.ended)-e.X, 5)
		for _, at := range e.proxies {
			e.Ticks = append(e.Ticks, place(at))
		}
	}
	return &timeline{Length: length(whole), Events: events}
}

func changed(change verdict.Change) event {
	e := event{Kind: "change", What: fmt.Sprintf("step %d: %s %s", change.Step, change.Act, strings.Join(change.Objects, ", ")), began: change.At, ended: change.At.Add(time.Duration(change.Millis) * time.Millisecond)}
	switch {
	case change.Settled.Failed != "":
		e.Kind, e.Detail = "unsettled", "not settled: "+change.Settled.Failed
	case len(change.Settled.Detached) > 0:
		e.Kind, e.Detail = "unsettled", "no stream to istiod: "+strings.Join(change.Settled.Detached, ", ")
	default:
		e.Detail = fmt.Sprintf("settled after %d ms", change.Millis)
	}
	if len(change.Proxies) == 0 || len(change.Proxies) != len(change.ProxyMillis) {
		return e
	}
	for _, after := range change.ProxyMillis {
		e.proxies = append(e.proxies, change.At.Add(time.Duration(after)*time.Millisecond))
	}
	first, last := slices.Min(change.ProxyMillis), slices.Max(change.ProxyMillis)
	e.Detail += fmt.Sprintf("; the first of %d proxies had it by %d ms, the last by %d ms", len(change.Proxies), first, last)
	if late := lastOf(change); len(late) == 1 && len(change.Proxies) > 1 {
		e.Detail += ": " + late[0]
	}
	return e
}

// lastOf are the proxies that had a change last.
func lastOf(change verdict.Change) []string {
	var late []string
	for i, after := range change.ProxyMillis {
		if after == slices.Max(change.ProxyMillis) {
			late = append(late, change.Proxies[i])
		}
	}
	return late
}

// rounds are the requests of each step, from the first that was sent until the tap saw the last connection open. Both are by the runner's clock.
func rounds(checks []verdict.Check) []event {
	var all []event
	counts := map[int]int{}
	places := map[int]int{}
	for _, check := range checks {
		if check.SentAt.IsZero() {
			continue
		}
		counts[check.Step]++
		at, known := places[check.Step]
		if !known {
			at = len(all)
			places[check.Step] = at
			all = append(all, event{Kind: "requests", began: check.SentAt, ended: check.SentAt})
		}
		e := &all[at]
		if check.SentAt.Before(e.began) {
			e.began = check.SentAt
		}
		if wire := check.Observers.Wire; wire != nil && wire.At.After(e.ended) {
			e.ended = wire.At
		}
		e.What = fmt.Sprintf("step %d: requests of %d checks", check.Step, counts[check.Step])
		e.Detail = "no tap saw a connection open for them"
		if e.ended.After(e.began) {
			e.Detail = fmt.Sprintf("the last connection was opened %d ms after the first was sent", e.ended.Sub(e.began).Milliseconds())
		}
	}
	return all
}
