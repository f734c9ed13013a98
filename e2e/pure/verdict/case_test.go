package verdict_test

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

func judged(result hop.Result) verdict.Check {
	return verdict.Check{Result: result, Reason: "of the check"}
}

func TestConclude(t *testing.T) {
	change := verdict.Change{Act: "apply x", Step: 2}
	unsettled, detached, slow := change, change, change
	unsettled.Settled.Failed = "no nonce"
	detached.Settled.Detached = []string{"default/server"}
	slow.Millis = 70
	quick := change
	quick.Millis = 30
	for name, row := range map[string]struct {
		c      verdict.Case
		result hop.Result
		reason string
	}{
		"nothing":                  {verdict.Case{}, hop.Inconclusive, "no check was made"},
		"checks":                   {verdict.Case{Checks: []verdict.Check{judged(hop.Pass), judged(hop.Pass)}}, hop.Pass, "2 checks agree"},
		"rejections alone":         {verdict.Case{Rejections: []verdict.Rejection{{Result: hop.Pass}}}, hop.Pass, "1 policies refused as wanted"},
		"rejections and checks":    {verdict.Case{Checks: []verdict.Check{judged(hop.Pass)}, Rejections: []verdict.Rejection{{Result: hop.Pass}}}, hop.Pass, "1 checks agree"},
		"foreseen":                 {verdict.Case{Foreseen: []verdict.Foreseen{{Result: hop.Pass}, {Result: hop.Pass}}}, hop.Pass, "2 expectations are foreseen as wanted"},
		"foreseen otherwise":       {verdict.Case{Foreseen: []verdict.Foreseen{{Result: hop.Fail, Case: "c", Reason: "other"}}}, hop.Fail, "c step 0"},
		"stated":                   {verdict.Case{Stated: []verdict.Stated{{Version: "1.30.5", Result: hop.Pass}, {Version: "1.30.5", Result: hop.Pass}}}, hop.Pass, "2 statements of 1.30.5"},
		"stated otherwise":         {verdict.Case{Stated: []verdict.Stated{{Result: hop.Pass}, {By: "istioctl", Result: hop.Fail, Reason: "other"}}}, hop.Fail, "istioctl: other"},
		"a check that failed":      {verdict.Case{Checks: []verdict.Check{judged(hop.Pass), judged(hop.Fail)}}, hop.Fail, "of the check"},
		"the worst counts":         {verdict.Case{Checks: []verdict.Check{judged(hop.Fail), judged(hop.Mismatch), judged(hop.Inconclusive)}}, hop.Fail, "of the check"},
		"not settled":              {verdict.Case{Checks: []verdict.Check{judged(hop.Pass)}, Changes: []verdict.Change{unsettled}}, hop.Inconclusive, "apply x in step 2: the mesh did not settle: no nonce"},
		"detached":                 {verdict.Case{Checks: []verdict.Check{judged(hop.Pass)}, Changes: []verdict.Change{detached}}, hop.Inconclusive, "no stream to istiod: default/server"},
		"settled":                  {verdict.Case{Checks: []verdict.Check{judged(hop.Pass)}, Changes: []verdict.Change{slow, quick}}, hop.Pass, "1 checks agree"},
		"a rejection that is none": {verdict.Case{Rejections: []verdict.Rejection{{Result: hop.Fail, Objects: []string{"o"}, Reason: "taken"}}}, hop.Fail, "o: taken"},
		"traffic with losses":      {verdict.Case{Checks: []verdict.Check{judged(hop.Pass)}, Traffic: &hop.Traffic{Requests: 7, Unanswered: 1, Errors: []string{"a: status 503", "b"}}}, hop.Fail, "1 of 7 background requests were not answered: a: status 503; b"},
		"the first of equals":      {verdict.Case{Checks: []verdict.Check{judged(hop.Fail)}, Traffic: &hop.Traffic{Requests: 7, Unanswered: 1}}, hop.Fail, "of the check"},
	} {
		t.Run(name, func(t *testing.T) {
			row.c.Conclude()
			if row.c.Result != row.result || !strings.Contains(row.c.Reason, row.reason) {
				t.Errorf("%s %q, want %s %q", row.c.Result, row.c.Reason, row.result, row.reason)
			}
			if name == "settled" && row.c.ConvergenceMillis != 70 {
				t.Errorf("converged in %d ms, want the longest", row.c.ConvergenceMillis)
			}
		})
	}
}

func TestRejectionJudge(t *testing.T) {
	for name, row := range map[string]struct {
		r      verdict.Rejection
		result hop.Result
	}{
		"taken":                       {verdict.Rejection{Wanted: "no"}, hop.Fail},
		"for another reason":          {verdict.Rejection{Wanted: "no", Got: "because", Intent: "no"}, hop.Fail},
		"which the oracle would take": {verdict.Rejection{Wanted: "no", Got: "says no"}, hop.Mismatch},
		"as wanted":                   {verdict.Rejection{Wanted: "no", Got: "says no", Intent: "no"}, hop.Pass},
	} {
		row.r.Judge()
		if row.r.Result != row.result || row.r.Reason == "" {
			t.Errorf("%s: %s %q, want %s", name, row.r.Result, row.r.Reason, row.result)
		}
	}
}

func TestWorse(t *testing.T) {
	order := []hop.Result{hop.Pass, hop.Skipped, hop.Inconclusive, hop.Mismatch, hop.Fail}
	for i, a := range order {
		for j, b := range order {
			want := a
			if j > i {
				want = b
			}
			if got := verdict.Worse(a, b); got != want {
				t.Errorf("of %s and %s %s is worse, want %s", a, b, got, want)
			}
		}
	}
}

func TestUnanswered(t *testing.T) {
	served, refused := mtlsCheck(), refusedCheck(hop.Sidecar)
	lost := mtlsCheck()
	lost.Observers.Client.Says = hop.Refused
	unseen := mtlsCheck()
	unseen.Observers.Client.Missing = "no line"
	for name, row := range map[string]struct {
		c    verdict.Case
		want bool
	}{
		"all served":       {verdict.Case{Checks: []verdict.Check{served}}, false},
		"refused as meant": {verdict.Case{Checks: []verdict.Check{refused}}, false},
		"refused":          {verdict.Case{Checks: []verdict.Check{served, lost}}, true},
		"not seen":         {verdict.Case{Checks: []verdict.Check{unseen}}, true},
		"traffic":          {verdict.Case{Traffic: &hop.Traffic{Requests: 2, Unanswered: 1}}, true},
		"traffic, whole":   {verdict.Case{Traffic: &hop.Traffic{Requests: 2}}, false},
	} {
		if got := row.c.Unanswered(); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestForeseenJudge(t *testing.T) {
	foreseen := func(change func(*verdict.Foreseen)) verdict.Foreseen {
		f := verdict.Foreseen{Want: hop.Refused, Cause: hop.NotTLS, SNI: "s", Offered: []string{"istio"}}
		f.Config.Says, f.Config.Refusal, f.Config.Why = hop.Refused, hop.NotTLS, "as configured"
		f.WantWire = wire("s", "istio")
		change(&f)
		return f
	}
	for name, row := range map[string]struct {
		f       verdict.Foreseen
		missing string
		result  hop.Result
	}{
		"as wanted":     {foreseen(func(*verdict.Foreseen) {}), "", hop.Pass},
		"no wire":       {foreseen(func(f *verdict.Foreseen) { f.WantWire = nil }), "", hop.Pass},
		"missing":       {foreseen(func(*verdict.Foreseen) {}), "no dump", hop.Inconclusive},
		"other outcome": {foreseen(func(f *verdict.Foreseen) { f.Config.Says = hop.MTLS }), "", hop.Fail},
		"other cause":   {foreseen(func(f *verdict.Foreseen) { f.Config.Refusal = hop.NotHTTP }), "", hop.Fail},
		"other SNI":     {foreseen(func(f *verdict.Foreseen) { f.SNI = "t" }), "", hop.Fail},
		"SNI not asked": {foreseen(func(f *verdict.Foreseen) { f.SNI, f.WantWire.SNI = "t", "" }), "", hop.Pass},
		"other ALPN":    {foreseen(func(f *verdict.Foreseen) { f.Offered = []string{"h2"} }), "", hop.Fail},
	} {
		row.f.Judge(row.missing)
		if row.f.Result != row.result {
			t.Errorf("%s: %s %q, want %s", name, row.f.Result, row.f.Reason, row.result)
		}
	}
}
