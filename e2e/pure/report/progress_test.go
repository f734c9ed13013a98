package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

func TestACaseThatEndsCountsAsTheReportWillHaveIt(t *testing.T) {
	for _, test := range []struct {
		name, text, state, message string
		left                       hop.Result
		want                       report.Ended
	}{
		{"it passed", "route-weight: shares", "passed", "", hop.Pass, report.Ended{Name: "route-weight", Result: hop.Pass}},
		{"a spec that leaves no verdict passed", "kills leave nothing", "passed", "", "", report.Ended{Name: "kills leave nothing", Result: hop.Pass}},
		{"it did not pass", "a: t", "failed", "MISMATCH: wire says plaintext\n  step 1, …", hop.Mismatch, report.Ended{Name: "a", Result: hop.Mismatch, Reason: "wire says plaintext"}},
		{"the checks pass and the spec failed", "a: t", "failed", "no secrets may be kept", hop.Pass, report.Ended{Name: "a", Result: hop.Inconclusive, Reason: "no secrets may be kept"}},
		{"it ended before there was a verdict", "a: t", "timedout", "A spec timeout occurred", "", report.Ended{Name: "a", Result: hop.Inconclusive, Reason: "A spec timeout occurred"}},
		{"it was skipped", "a: t", "skipped", "needs ALLOW_TAP=1", "", report.Ended{Name: "a", Result: hop.Skipped, Reason: "needs ALLOW_TAP=1"}},
		{"a mutant survived", "mutant m: t", "failed", "nobody noticed\nExpected", hop.Fail, report.Ended{Name: "mutant m", Result: hop.Fail, Reason: "nobody noticed"}},
		{"a mesh answers with what a terminal obeys", "a\x1b[2J: t", "failed", "FAIL: header \x1b]0;x\x07\t\u009b1m", hop.Fail, report.Ended{Name: "a[2J", Result: hop.Fail, Reason: "header ]0;x; 1m"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p report.Progress
			p.Begin(test.text)
			if p.Running != test.want.Name {
				t.Errorf("running %q, want %q", p.Running, test.want.Name)
			}
			p.End(test.state, test.message, test.left)
			if diff := cmp.Diff(report.Progress{Ended: []report.Ended{test.want}}, p); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProgressIsCounted(t *testing.T) {
	p := report.Progress{Cases: 220, Running: "route-weight"}
	for _, result := range []hop.Result{hop.Pass, hop.Pass, hop.Fail, hop.Mismatch, hop.Inconclusive} {
		p.Ended = append(p.Ended, report.Ended{Name: string(result), Result: result})
	}
	if want := "5 of 220 cases done, 2 PASS, 1 FAIL, 1 MISMATCH, 1 INCONCLUSIVE; running route-weight"; p.String() != want {
		t.Errorf("%q, want %q", p, want)
	}
	if p.Left() != 215 || p.Count(hop.Pass) != 2 || p.Count(hop.Skipped) != 0 {
		t.Errorf("left %d, passed %d, skipped %d", p.Left(), p.Count(hop.Pass), p.Count(hop.Skipped))
	}
	p.Running = ""
	if strings.Contains(p.String(), "running") {
		t.Errorf("%q says that a case runs", p)
	}
}

func TestNewsAreOfCasesThatAreNotPASS(t *testing.T) {
	var p report.Progress
	end := func(text, state, message string, left hop.Result) {
		p.Begin(text)
		p.End(state, message, left)
	}
	end("a: t", "passed", "", hop.Pass)
	end("b: t", "failed", "FAIL: b", hop.Fail)
	earlier := p
	earlier.Ended = append([]report.Ended{}, p.Ended...)
	if news := p.Since(earlier); len(news) > 0 {
		t.Errorf("nothing happened: %v", news)
	}
	end("c: t", "passed", "", hop.Pass)
	end("d: t", "failed", "MISMATCH: d", hop.Mismatch)
	p.Amend("a", hop.Mismatch, "clear-copy: seen late\nat length")
	p.Amend("another spec's", hop.Fail, "it is not among them")
	want := []report.Ended{{Name: "a", Result: hop.Mismatch, Reason: "clear-copy: seen late"}, {Name: "d", Result: hop.Mismatch, Reason: "d"}}
	if diff := cmp.Diff(want, p.Since(earlier)); diff != "" {
		t.Error(diff)
	}
	if news := p.Since(report.Progress{}); len(news) != 3 {
		t.Errorf("since the beginning: %v", news)
	}
	again := report.Progress{Ended: []report.Ended{p.Ended[1]}}
	if news := again.Since(p); len(news) != 1 {
		t.Errorf("the suite began again, and b failed again: %v", news)
	}
}
