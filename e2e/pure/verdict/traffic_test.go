package verdict_test

import (
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// The change of these tests reaches the proxies from 1.0 to 1.2 seconds after the start.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func after(millis int) time.Time { return start.Add(time.Duration(millis) * time.Millisecond) }

// requests are 25 from 0 to 240 ms, and one more.
func requests(more hop.Span) *hop.Traffic {
	traffic := &hop.Traffic{}
	for i := range 25 {
		traffic.Spans = append(traffic.Spans, hop.Span{From: after(10 * i), To: after(10*i + 5)})
	}
	traffic.Spans = append(traffic.Spans, more)
	traffic.Requests = len(traffic.Spans)
	return traffic
}

func between(from, to int) hop.Span { return hop.Span{From: after(from), To: after(to)} }

func sometime(from, to int) hop.Span {
	return hop.Span{From: after(from), To: after(to), Sometime: true}
}

func TestBackgroundTrafficShowsSomethingOfAChangeThatItSaw(t *testing.T) {
	change := verdict.Change{Act: "apply", Step: 2, At: after(1000), Settled: verdict.Settled{At: after(1200)}}
	earlier := verdict.Change{Act: "apply", Step: 0, At: after(-1000), Settled: verdict.Settled{At: after(-800)}}
	revert := verdict.Change{Act: "revert", Step: 9, At: after(9000), Settled: verdict.Settled{At: after(9200)}}
	few := requests(between(1100, 1110))
	few.Spans, few.Requests = few.Spans[7:], 19
	least := requests(between(1100, 1110))
	least.Spans, least.Requests = least.Spans[6:], 20
	lost := requests(between(1100, 1110))
	lost.Unanswered = 1
	lostFew := &hop.Traffic{Requests: 3, Unanswered: 1, Errors: []string{"status 503"}}
	for name, row := range map[string]struct {
		traffic  *hop.Traffic
		changes  []verdict.Change
		result   hop.Result
		reason   string
		underWay int // when the first change took force
	}{
		"within":                            {requests(between(1100, 1110)), []verdict.Change{change}, hop.Pass, "1 checks agree", 1},
		"begun before, ended in it":         {requests(between(900, 1010)), []verdict.Change{change}, hop.Pass, "1 checks agree", 1},
		"begun in it, ended after":          {requests(between(1190, 1500)), []verdict.Change{change}, hop.Pass, "1 checks agree", 1},
		"all the time":                      {requests(between(900, 1500)), []verdict.Change{change}, hop.Pass, "1 checks agree", 1},
		"all before":                        {requests(between(900, 999)), []verdict.Change{change}, hop.Inconclusive, "no change was made while the background traffic ran", 0},
		"none while it took force":          {requests(between(1201, 1210)), []verdict.Change{change}, hop.Inconclusive, "no background request was under way when apply in step 2 took force", 0},
		"another process's, within":         {requests(sometime(1050, 1150)), []verdict.Change{change}, hop.Pass, "1 checks agree", 1},
		"another process's, not all of it":  {requests(sometime(1150, 1250)), []verdict.Change{change}, hop.Inconclusive, "no background request was under way", 0},
		"too few":                           {few, []verdict.Change{change}, hop.Inconclusive, "19 background requests were made, and fewer than 20 show nothing", 1},
		"just enough":                       {least, []verdict.Change{change}, hop.Pass, "1 checks agree", 1},
		"none at all":                       {&hop.Traffic{}, []verdict.Change{change}, hop.Inconclusive, "0 background requests", 0},
		"no change in its time":             {requests(between(1100, 1110)), []verdict.Change{earlier, revert}, hop.Inconclusive, "no change was made while the background traffic ran", 0},
		"changes before and after it":       {requests(between(1100, 1110)), []verdict.Change{change, earlier, revert}, hop.Pass, "1 checks agree", 1},
		"one of two changes without any":    {requests(between(1100, 1300)), []verdict.Change{change, {Act: "edit", Step: 4, At: after(500), Settled: verdict.Settled{At: after(600)}}}, hop.Inconclusive, "no background request was under way when edit in step 4", 1},
		"a loss outweighs what is missing":  {lostFew, nil, hop.Fail, "1 of 3 background requests were not answered: status 503", 0},
		"a loss of traffic that saw enough": {lost, []verdict.Change{change}, hop.Fail, "1 of 26 background requests were not answered: nobody says why", 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := verdict.Case{Checks: []verdict.Check{judged(hop.Pass)}, Traffic: row.traffic, Changes: row.changes}
			c.Conclude()
			if c.Result != row.result || !strings.Contains(c.Reason, row.reason) {
				t.Errorf("%s %q, want %s %q", c.Result, c.Reason, row.result, row.reason)
			}
			if len(c.Changes) > 0 && c.Changes[0].Requests != row.underWay {
				t.Errorf("%d requests were under way, want %d", c.Changes[0].Requests, row.underWay)
			}
		})
	}
}
