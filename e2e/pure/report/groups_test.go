package report_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// broken is a report of so many cases, red for so many causes.
func broken(cases, causes int) report.Report {
	verdicts := map[string]report.Case{}
	for i := range cases {
		id := fmt.Sprintf("red-%d", i)
		reason := fmt.Sprintf("client -> product-service:%d: component %c%c ended after %d ms", 8000+i, 'a'+i%causes/26, 'a'+i%causes%26, i)
		c := verdict.Case{ID: id, Result: hop.Inconclusive, Reason: reason, Rerun: "make e2e FOCUS=" + id + ":"}
		for range 30 {
			c.Checks = append(c.Checks, verdict.Check{Result: hop.Inconclusive, Reason: reason + strings.Repeat(" <b>and more | `of it`</b>", 100)})
		}
		verdicts[id] = report.Case{Case: c}
	}
	return report.Fold(report.Run{Verdicts: verdicts})
}

// A mesh that is broken gives hundreds of red cases for one cause.
func TestCasesOfOneCauseAreOneGroup(t *testing.T) {
	r := broken(100, 1)
	r.Cases = append(r.Cases, report.Case{Case: verdict.Case{ID: "other", Result: hop.Mismatch}}, report.Case{Case: verdict.Case{ID: "good", Result: hop.Pass}})
	all := r.Groups()
	if len(all) != 2 || all[0].Result != hop.Mismatch || len(all[1].Cases) != 100 {
		t.Errorf("%d groups", len(all))
	}
}

func TestACheckThatIsNotGreenIsExplained(t *testing.T) {
	seen := func(says hop.Outcome, refusal hop.Refusal) verdict.Observers {
		return verdict.Observers{Client: &hop.Observation{Source: hop.Client, Says: says, Refusal: refusal}}
	}
	for _, row := range []struct {
		check verdict.Check
		want  string
	}{
		{verdict.Check{Result: hop.Pass, Observers: seen(hop.Refused, hop.NotTLS)}, ""},
		{verdict.Check{Result: hop.Fail, Observers: seen(hop.Refused, hop.NotTLS)}, "not-tls"},
		{verdict.Check{Result: hop.Fail, Observers: seen(hop.Plaintext, "")}, "plaintext"},
		{verdict.Check{Result: hop.Fail, Observers: seen(hop.MTLS, "")}, ""},
		{verdict.Check{Result: hop.Mismatch, Observers: seen(hop.Refused, hop.NotTLS)}, "mismatch"},
		{verdict.Check{Result: hop.Mismatch, Finding: verdict.ClearCopy}, "clear-copy"},
		{verdict.Check{Result: hop.Mismatch, Want: hop.MTLS, Observers: verdict.Observers{Server: &hop.Observation{Source: hop.Server, Says: hop.Absent}, Wire: &hop.Observation{Source: hop.Wire, Says: hop.Plaintext}}}, "past-the-proxy"},
		{verdict.Check{Result: hop.Mismatch, Want: hop.MTLS, Observers: verdict.Observers{Server: &hop.Observation{Source: hop.Server, Says: hop.Absent}, Wire: &hop.Observation{Source: hop.Wire, Says: hop.Absent}}}, "mismatch"},
		{verdict.Check{Result: hop.Fail, Want: hop.Plaintext, Observers: seen(hop.Plaintext, "")}, ""},
		{verdict.Check{Result: hop.Fail, Want: hop.Refused, Cause: hop.NotTLS, Observers: seen(hop.Refused, hop.NotTLS)}, ""},
		{verdict.Check{Result: hop.Mismatch, Want: hop.Refused, Observers: verdict.Observers{Server: &hop.Observation{Source: hop.Server, Says: hop.Absent}}}, "mismatch"},
		{verdict.Check{Result: hop.Inconclusive}, "inconclusive"},
	} {
		if got := report.CauseOf(row.check); got != row.want {
			t.Errorf("%s of %v: %q, want %q", row.check.Result, row.check.Observers.Client, got, row.want)
		}
	}
	var table bytes.Buffer
	if err := broken(3, 2).WriteTable(&table, report.None); err != nil || strings.Count(table.String(), "(inconclusive): ") != 1 {
		t.Errorf("%v\n%s", err, table.String())
	}
}

func TestEachCauseIsAnAnnotation(t *testing.T) {
	for _, of := range []struct {
		report report.Report
		lines  int
		begins string
	}{
		{broken(100, 1), 2, "::error title=INCONCLUSIVE::red-0: client -> product-service:8000: component aa ended after 0 ms\n::error title=INCONCLUSIVE%3A red-0 and 99 more::client -> product-service:8000: component aa ended after 0 ms%0Aagain: make e2e FOCUS=red-0:\n"},
		{broken(100, 50), 10, "::error title=INCONCLUSIVE::red-0: client -> product-service:8000: component aa ended after 0 ms%0A41 more causes are in report.html\n"},
		{report.Fold(report.Run{Cause: "100 %\n::no engine"}), 1, "::error title=INCONCLUSIVE::100 %25; ::no engine\n"},
		{report.Fold(report.Run{Verdicts: map[string]report.Case{"a": {Case: verdict.Case{ID: "a", Result: hop.Pass}}}}), 0, ""},
	} {
		var out bytes.Buffer
		if err := of.report.WriteAnnotations(&out); err != nil {
			t.Fatal(err)
		}
		if strings.Count(out.String(), "\n") != of.lines || !strings.HasPrefix(out.String(), of.begins) {
			t.Errorf("%s", out.String())
		}
	}
}

// What comes from a mesh is text, whatever is in it.
func TestMarkupOfAMeshIsText(t *testing.T) {
	evil := "</system-out><script>\x1b[31m\x07\x00`|\r\n::error::\u2028"
	r := report.Fold(report.Run{Verdicts: map[string]report.Case{evil: {Case: verdict.Case{
		ID: evil, Title: evil, Result: hop.Fail, Reason: evil, Rerun: evil,
		Checks: []verdict.Check{{Hop: hop.Hop{From: evil, To: hop.ServicePort{Service: evil, Port: 1}}, Result: hop.Fail, Reason: evil}},
	}}}})
	for name, write := range map[string]func(io.Writer) error{
		"junit": r.WriteJUnit, "summary": r.WriteSummary, "annotations": r.WriteAnnotations,
		"table": func(to io.Writer) error { return r.WriteTable(to, report.None) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(out.Bytes(), "\x1b\x07\x00") {
			t.Errorf("%s obeys the mesh: %q", name, out.String())
		}
		if (name == "junit" || name == "summary") && strings.Contains(out.String(), "<script>") {
			t.Errorf("%s has markup of the mesh: %q", name, out.String())
		}
		if strings.Contains(out.String(), "\n::error::") {
			t.Errorf("%s lets the mesh annotate: %q", name, out.String())
		}
	}
}

// GitHub shows 1 MiB of a step (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary).
func TestTheSummaryIsShortWhateverIsWrong(t *testing.T) {
	for _, of := range []struct{ cases, causes, most int }{{500, 1, 10_000}, {500, 100, 1 << 20}} {
		var summary bytes.Buffer
		if err := broken(of.cases, of.causes).WriteSummary(&summary); err != nil {
			t.Fatal(err)
		}
		if summary.Len() > of.most {
			t.Errorf("%d cases for %d causes take %d bytes", of.cases, of.causes, summary.Len())
		}
		for _, want := range []string{"make e2e FOCUS=red-", "more in report.html", "&lt;b>and more \\| 'of it'"} {
			if !strings.Contains(summary.String(), want) {
				t.Errorf("no %q in\n%.3000s", want, summary.String())
			}
		}
	}
}
