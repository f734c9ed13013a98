package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestTheTimeLineHasEachChangeAndEachRound(t *testing.T) {
	after := func(millis int) time.Time { return noon.Add(time.Duration(millis) * time.Millisecond) }
	sent := func(step, millis, opened int) verdict.Check {
		return verdict.Check{Step: step, SentAt: after(millis), Observers: verdict.Observers{Wire: &hop.Observation{Source: hop.Wire, At: after(opened)}}}
	}
	line := timelineOf(report.Case{Case: verdict.Case{
		Changes: []verdict.Change{
			{Step: 0, Act: "apply", Objects: []string{"PeerAuthentication a/b"}, At: noon, Millis: 200, Proxies: []string{"a/x", "a/y"}, ProxyMillis: []int64{150, 100}},
			{Step: 2, Act: "revert", Objects: []string{"PeerAuthentication a/b"}, At: after(600), Millis: 400, Settled: verdict.Settled{Failed: "a/x has not acknowledged its LDS"}},
		},
		Checks: []verdict.Check{sent(1, 310, 330), sent(1, 300, 350), {Step: 1}},
	}})
	var got []string
	for _, e := range line.Events {
		got = append(got, fmt.Sprintf("%s %d+%d %v %s; %s", e.Kind, e.X, e.Width, e.Ticks, e.What, e.Detail))
	}
	want := []string{
		"change 0+200 [150 100] step 0: apply PeerAuthentication a/b; settled after 200 ms; the first of 2 proxies had it by 100 ms, the last by 150 ms: a/x",
		"requests 300+50 [] step 1: requests of 2 checks; the last connection was opened 50 ms after the first was sent",
		"unsettled 600+400 [] step 2: revert PeerAuthentication a/b; not settled: a/x has not acknowledged its LDS",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || line.Length != "1.0 s" {
		t.Errorf("%s:\n%s\nwant\n%s", line.Length, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	together := timelineOf(report.Case{Case: verdict.Case{
		Changes: []verdict.Change{{At: noon, Proxies: []string{"a/x", "a/y"}, ProxyMillis: []int64{150, 150}}, {At: noon, ProxyMillis: []int64{1}}},
		Checks:  []verdict.Check{{SentAt: after(300)}},
	}})
	if one, none := together.Events[0].Detail, together.Events[2].Detail; strings.Contains(one, "a/x") || none != "no tap saw a connection open for them" {
		t.Errorf("of proxies that had it at one time it says %q, of requests without a connection %q", one, none)
	}
	if line := timelineOf(report.Case{}); line != nil {
		t.Errorf("a case without events has %+v", line)
	}
}
