package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// of is a case that no Kiali speaks of.
func of(c verdict.Case) report.Case { return report.Case{Case: c} }

func run(results map[string]hop.Result, specs ...report.Spec) report.Run {
	run := report.Run{Specs: specs, Verdicts: map[string]report.Case{}}
	for id, result := range results {
		run.Verdicts[id] = of(verdict.Case{ID: id, Result: result, Reason: "because", Checks: []verdict.Check{{Result: result, Reason: "because"}}})
	}
	return run
}

func TestOnlyPassMakesARunGreen(t *testing.T) {
	passed, failed := report.Spec{ID: "a", State: "passed"}, report.Spec{ID: "a", State: "failed", Message: "it broke"}
	for name, test := range map[string]struct {
		run    report.Run
		want   hop.Result
		reason string
	}{
		"a case that passes":                     {run(map[string]hop.Result{"a": hop.Pass}, passed), hop.Pass, "1 cases, 1 checks"},
		"a case that fails":                      {run(map[string]hop.Result{"a": hop.Fail}, failed), hop.Fail, "a: because"},
		"a spec without a verdict":               {run(nil, failed), hop.Inconclusive, "before there was a verdict: it broke"},
		"a verdict that passes in a failed spec": {run(map[string]hop.Result{"a": hop.Pass}, failed), hop.Inconclusive, "the checks pass, but the spec failed"},
		"no case":                                {run(nil), hop.Inconclusive, "no case ran"},
		"only skipped cases":                     {run(nil, report.Spec{ID: "a", State: "skipped", Message: "why"}), hop.Inconclusive, "no case ran"},
		"a run that ended early": {func() report.Run {
			r := run(map[string]hop.Result{"a": hop.Pass}, passed)
			r.Cause = "interrupted"
			return r
		}(), hop.Inconclusive, "interrupted"},
		"a verdict that Ginkgo does not know": {run(map[string]hop.Result{"a": hop.Mismatch}), hop.Mismatch, "a: because"},
	} {
		t.Run(name, func(t *testing.T) {
			got := report.Fold(test.run)
			if got.Result != test.want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %s: %s, want %s: … %s …", got.Result, got.Reason, test.want, test.reason)
			}
		})
	}
}

func TestATableHasOneLineForEachReason(t *testing.T) {
	long := report.Fold(report.Run{Verdicts: map[string]report.Case{
		"lines": of(verdict.Case{ID: "lines", Result: hop.Inconclusive, Reason: "one\ntwo"}), "long": of(verdict.Case{ID: "long", Result: hop.Inconclusive, Reason: strings.Repeat("é", 1000)}),
	}})
	var table bytes.Buffer
	if err := long.WriteTable(&table, report.None); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(table.String(), "\n")
	if !strings.HasSuffix(rows[1], "  one; two") || !strings.HasPrefix(rows[2], "long") || !strings.HasSuffix(rows[2], "é…") || utf8.RuneCountInString(rows[2]) > 400 {
		t.Error(table.String())
	}
}

func TestEveryFormTellsTheSameResult(t *testing.T) {
	folded := report.Fold(run(map[string]hop.Result{"good": hop.Pass, "bad": hop.Mismatch, "unknown": hop.Inconclusive}))
	var table, summary, junit bytes.Buffer
	if err := folded.WriteTable(&table, report.None); err != nil {
		t.Fatal(err)
	}
	if err := folded.WriteSummary(&summary); err != nil {
		t.Fatal(err)
	}
	if err := folded.WriteJUnit(&junit); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(table.String(), "MISMATCH  1 pass, 0 fail, 1 mismatch, 1 inconclusive, 0 skipped; 3 checks") {
		t.Errorf("table:\n%s", table.String())
	}
	if !strings.Contains(summary.String(), "# mTLS conformance: MISMATCH") || !strings.Contains(summary.String(), "## MISMATCH: ") {
		t.Errorf("summary:\n%s", summary.String())
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
	}
	if err := xml.Unmarshal(junit.Bytes(), &suite); err != nil {
		t.Fatal(err)
	}
	if suite.Tests != 3 || suite.Failures != 1 || suite.Errors != 1 {
		t.Errorf("junit: %+v", suite)
	}
}

func TestARunThatDiedBeforeItsFirstCaseIsRedInJUnit(t *testing.T) {
	var junit bytes.Buffer
	dead := report.Fold(report.Run{Cause: "the node image could not be built"})
	if err := dead.WriteJUnit(&junit); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(junit.String(), `errors="1"`) || !strings.Contains(junit.String(), "the node image could not be built") {
		t.Errorf("junit:\n%s", junit.String())
	}
}

func TestGinkgosReportIsReadForSpecsAndForWhatFailedAroundThem(t *testing.T) {
	artifacts := fstest.MapFS{"ginkgo.json": {Data: []byte(`[{"SuiteDescription":"suite","SpecialSuiteFailureReasons":["Interrupted by User"],"SpecReports":[
		{"LeafNodeType":"SynchronizedBeforeSuite","State":"failed","Failure":{"Message":"no mesh\nat all"}},
		{"LeafNodeType":"It","ContainerHierarchyTexts":["A hop"],"LeafNodeText":"mesh-strict: A title: with a colon","State":"failed","RunTime":1500000000,"Failure":{"Message":"x\ny"}},
		{"LeafNodeType":"It","LeafNodeText":"other: Not selected","State":"skipped"}]}]`)}}
	specs, cause, err := report.ReadSpecs(artifacts)
	if err != nil {
		t.Fatal(err)
	}
	want := report.Spec{Text: "suite A hop mesh-strict: A title: with a colon", ID: "mesh-strict", Title: "A title: with a colon", State: "failed", Message: "x", Seconds: 1.5}
	if len(specs) != 1 || specs[0] != want {
		t.Errorf("specs: %+v", specs)
	}
	if cause != "Interrupted by User; SynchronizedBeforeSuite failed: no mesh" {
		t.Errorf("cause: %s", cause)
	}
}

func TestAVerdictThatCannotBeReadIsNamedBesideTheOthers(t *testing.T) {
	verdicts, err := report.ReadVerdicts(fstest.MapFS{
		"cases/a/verdict.json": {Data: []byte(`{"id":"a","result":"PASS"}`)},
		"cases/b/verdict.json": {Data: []byte(`{"id":`)},
	})
	if err == nil || !strings.Contains(err.Error(), "cases/b/verdict.json") || verdicts["a"].Result != hop.Pass {
		t.Errorf("got %v, %v", verdicts, err)
	}
}

func TestDocumentsThatSayOtherThanIstioAreListed(t *testing.T) {
	told := report.Fold(report.Run{Verdicts: map[string]report.Case{"a": of(verdict.Case{ID: "a", Result: hop.Pass, Checks: []verdict.Check{
		{Result: hop.Pass, Want: hop.Refused, Cause: hop.WrongSAN, Documented: hop.MTLS},
		{Result: hop.Pass, Want: hop.MTLS, Intent: verdict.Intent{Guide: &verdict.Guide{Differs: "the chart <ends> elsewhere"}}},
		{Result: hop.Pass, Want: hop.MTLS, Intent: verdict.Intent{Guide: &verdict.Guide{Differs: "another"}}},
	}})}})
	if got := told.Deviations(); len(got) != 1 || got[0].Checks != 1 || !strings.Contains(got[0].Why, "documented is mtls, and it is refused (wrong-san)") {
		t.Errorf("deviations: %+v", got)
	}
	if got := told.GuideDifferences(); len(got) != 1 || got[0].Checks != 2 || !strings.Contains(got[0].Why, "the chart <ends> elsewhere") {
		t.Errorf("guide: %+v", got)
	}
	var summary bytes.Buffer
	if err := told.WriteSummary(&summary); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(summary.String(), "## Where Istio does otherwise than documented") {
		t.Errorf("summary:\n%s", summary.String())
	}
}

func TestChecksThatRestOnSourceAloneAreCountedAndMarked(t *testing.T) {
	alone, documented := []oracle.Rule{oracle.AutoClusters, oracle.ServerTie}, []oracle.Rule(nil)
	told := report.Fold(report.Run{Verdicts: map[string]report.Case{
		"a": of(verdict.Case{ID: "a", Result: hop.Pass, Checks: []verdict.Check{{Result: hop.Pass, SourceAlone: alone}, {Result: hop.Pass, SourceAlone: documented}}}),
		"b": of(verdict.Case{ID: "b", Result: hop.Pass, Checks: []verdict.Check{{Result: hop.Pass, SourceAlone: documented}}}),
	}})
	if told.Summary.SourceAlone != 1 || told.Summary.Checks != 3 {
		t.Errorf("summary: %+v", told.Summary)
	}
	var summary bytes.Buffer
	if err := told.WriteSummary(&summary); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 of 3 checks use only rules that documents state; 1 also use"} {
		if !strings.Contains(summary.String(), want) {
			t.Errorf("no %q in summary:\n%s", want, summary.String())
		}
	}
	var empty bytes.Buffer
	if err := report.Fold(report.Run{}).WriteSummary(&empty); err != nil || strings.Contains(empty.String(), "documents state") {
		t.Errorf("%v, a run without checks:\n%s", err, empty.String())
	}
}

func TestWhatKialiSaysStandsBesideTheVerdict(t *testing.T) {
	verdicts, err := report.ReadVerdicts(fstest.MapFS{"cases/a/verdict.json": {Data: []byte(
		`{"id":"a","result":"PASS","kiali":[{"step":1,"namespace":"default","status":"MTLS_ENABLED"},{"step":2,"namespace":"default","differs":"it says <b>"}]}`)}})
	if err != nil {
		t.Fatal(err)
	}
	told := report.Fold(report.Run{Specs: []report.Spec{{ID: "a", State: "passed"}}, Verdicts: verdicts})
	if told.Cases[0].Result != hop.Pass || len(told.Cases[0].Kiali) != 2 {
		t.Errorf("case: %+v, want PASS with two statements of Kiali", told.Cases[0])
	}
	if got := told.KialiDifferences(); len(got) != 1 || got[0].Checks != 1 || got[0].Why != "step 2, namespace default: it says <b>" {
		t.Errorf("differences: %+v", got)
	}
	written, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Cases []struct {
			ID    string
			Kiali []struct{ Step int }
		}
	}
	if err := json.Unmarshal(written, &read); err != nil || read.Cases[0].ID != "a" || read.Cases[0].Kiali[1].Step != 2 {
		t.Errorf("read %+v, %v, of %s", read, err, written)
	}
}
