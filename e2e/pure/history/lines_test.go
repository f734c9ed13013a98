package history

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func TestAHistoryIsReadAsItWasWritten(t *testing.T) {
	lines := seed(1, false).lines
	var file bytes.Buffer
	if err := Write(&file, lines); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&file)
	if err != nil || !slices.Equal(again, lines) {
		t.Errorf("%d lines of %d: %v", len(again), len(lines), err)
	}
}

func TestAppendingTwiceChangesNothing(t *testing.T) {
	lines := seed(1, false).lines
	once := Append(nil, lines)
	if twice := Append(once, lines); len(once) != len(lines) || !slices.Equal(once, twice) {
		t.Errorf("%d lines, %d, %d", len(lines), len(once), len(twice))
	}
}

func TestALineThatIsNoneIsNamed(t *testing.T) {
	for text, why := range map[string]string{
		"{}":                       "it lacks run",
		"{":                        "unexpected EOF",
		`{"run": "r", "other": 1}`: "unknown field",
	} {
		if _, err := Read(strings.NewReader("\n" + text)); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", text, err, why)
		}
	}
}

func TestTheLinesOfAReport(t *testing.T) {
	r := report.Report{
		Result: hop.Fail, Reason: "b: broken",
		Environment: report.Environment{Suite: "abc", Istio: "1.31.0", Envoy: "1.39.3", Settings: map[string]string{"LABELS": "smoke", "ARTIFACTS": "here"}},
		Cases: []report.Case{
			{Case: verdict.Case{ID: "a", Result: hop.Pass, Reason: "2 checks agree", Rerun: "make e2e FOCUS=a:", Seconds: 3}},
			{Case: verdict.Case{ID: "b", Result: hop.Fail, Reason: "broken", Rerun: "make e2e FOCUS=b:", Seconds: 4}},
		},
	}
	part := Part{Run: "r", Cell: Cell{Job: "c"}, Attempt: 1, Began: noon, Machine: "m"}
	lines := Of(r, part)
	if len(lines) != 3 || lines[0].Case != "" || lines[0].Verdict != hop.Fail || lines[1].Reason != "" || lines[2].Reason != "broken" || lines[2].Rerun != "make cell CELL='c' FOCUS=b:" || lines[2].On.Suite != "abc" || lines[2].On.Envoy != "1.39.3" {
		t.Errorf("%+v", lines)
	}
	r.Environment.Settings["ARTIFACTS"] = "there"
	if Of(r, part)[0].On != lines[0].On {
		t.Error("where artifacts are is of no account")
	}
	r.Environment.Settings["LABELS"] = "quick"
	if Of(r, part)[0].On == lines[0].On {
		t.Error("which cases run is of account")
	}
}

// The run before says nothing of one of which no cell ran.
func TestARunOfWhichNoCellRanIsRed(t *testing.T) {
	line := Line{Run: "r", Cell: "c", Attempt: 1, Began: noon, Verdict: hop.Pass}
	m, found := Look([]Line{line}, "s", []string{"c"})
	if !found || m.Green() || m.Run != "s" || !slices.Equal(m.Missing, []string{"c"}) || m.Headline() != "RED: 1 did not run; nothing is another than in the run before" {
		t.Errorf("%v, %+v", found, m)
	}
	if m, found := Look(nil, "s", []string{"c"}); !found || m.Green() {
		t.Errorf("%v, %+v", found, m)
	}
	if m, _ = Look([]Line{line}, "r", []string{"c"}); !m.Green() {
		t.Errorf("%+v", m)
	}
	if m.Fails("failure"); m.Green() || !strings.HasPrefix(m.Headline(), "RED: a job ended with failure though every case is green") {
		t.Errorf("%+v", m)
	}
	if _, found := Look(nil, "", nil); found {
		t.Error("a history without a run has one")
	}
}

// A mutant that survives is a failure of its own, with a history of its own; the run that it makes red is no further one.
func TestAMutantAndAFaultHaveLines(t *testing.T) {
	r := report.Fold(report.Run{
		Specs: []report.Spec{{ID: "blind", Kind: report.OfMutant, State: "passed"}, {ID: "seen", Kind: report.OfMutant, State: "passed"}},
		Mutants: map[string]verdict.Mutant{
			"blind": {ID: "blind", Result: verdict.Survived, Reason: "nobody noticed", Rerun: "make e2e-mutants FOCUS=blind:", Seconds: 60},
			"seen":  {ID: "seen", Result: verdict.Killed, Reason: "by mesh-strict", Seconds: 30},
		},
		Faults: []verdict.Fault{{Fault: "istiod", Seconds: 9}},
	})
	lines := Of(r, Part{Run: "r", Cell: Cell{Job: "c"}, Attempt: 1, Began: noon})
	var said []string
	for _, line := range lines[1:] {
		said = append(said, fmt.Sprintf("%s %s %s %s %.0f", line.Case, line.Verdict, line.Reason, line.Rerun, line.Seconds))
	}
	if want := []string{"mutant blind FAIL SURVIVED: nobody noticed make cell CELL='c' FOCUS=blind: 60", "mutant seen PASS   30", "fault istiod PASS   9"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
	m, _ := Look(lines, "", nil)
	if len(m.Red) != 1 || m.Red[0].Cause != "SURVIVED: nobody noticed" || m.Headline() != "RED: 1 failure of 3 cases in 1 cell, for 1 cause; nothing is another than in the run before" {
		t.Errorf("%s: %+v", m.Headline(), m.Red)
	}
}

func TestHowLongACaseTakesIsToldByTheLastTenTimesThatItPassed(t *testing.T) {
	var lines []Line
	for day := range 15 {
		line := Line{Run: fmt.Sprint(day), Cell: "c", Case: "a", Attempt: 1, Began: noon.AddDate(0, 0, day), Verdict: hop.Pass, Seconds: float64(day)}
		failed, whole := line, line
		failed.Verdict, failed.Seconds, whole.Case = hop.Fail, 900, ""
		lines = append(lines, line, failed, whole)
	}
	if seconds := Seconds(lines); len(seconds) != 1 || seconds["a"] != 10 {
		t.Errorf("%v", seconds)
	}
}

// An istiod that crashed is one cause, however many cases it turned red.
func TestManyFailuresOfOneCauseAreOne(t *testing.T) {
	lines := []Line{{Run: "r", Cell: "c", Attempt: 1, Began: noon, Verdict: hop.Fail}}
	safe := strings.NewReplacer("0", "b", "1", "c", "3", "d")
	for i := range 200 {
		lines = append(lines, Line{
			Run: "r", Cell: "c", Case: fmt.Sprintf("case-%d", i), Attempt: 1, Began: noon, Verdict: hop.Inconclusive,
			Reason: fmt.Sprintf("gateway -> product-service:%d: pod istio-system/istiod-7c9f8d6b5c-x%s of 10.244.0.%d ended during the case, after %d ms", i, safe.Replace(fmt.Sprintf("%04d", i)), i%250, i),
		})
	}
	lines[0].Reason = "case-17: " + lines[18].Reason
	m, _ := Look(lines, "", nil)
	if len(m.Red) != 1 || len(m.Red[0].Cases) != 200 {
		t.Fatalf("%d causes", len(m.Red))
	}
	lines[0].Reason = "ginkgo: exit status 1; " + lines[0].Reason
	if m, _ := Look(lines, "", nil); len(m.Red) != 2 {
		t.Errorf("that the suite ended before its specs is a cause too: %+v", m.Red)
	}
	if text := m.Markdown(); len(text) > 1000 || !strings.Contains(text, "195 more") {
		t.Errorf("%d characters:\n%s", len(text), text)
	}
}

func TestReasonsThatDifferInWhatMattersAreTwoCauses(t *testing.T) {
	for a, b := range map[string]string{
		"client -> server:80: the status is 200, want 503":  "client -> server:80: the status is 403, want 503",
		"server says plaintext":                             "wire says plaintext",
		"policy default/internal-products-gates is missing": "policy default/external-products-gates is missing",
	} {
		if report.Cause(a) == report.Cause(b) {
			t.Errorf("%q and %q are one: %q", a, b, report.Cause(a))
		}
	}
}

func TestACaseWhoseRoundsDifferIsFlakyAndRed(t *testing.T) {
	r := report.Report{
		Result: hop.Fail, Reason: "1 cases had not the same verdict", Repeat: &report.Repeat{Rounds: 3, Differing: []report.Differing{{ID: "a", Results: []hop.Result{hop.Pass, hop.Fail, hop.Pass}}}},
		Cases: []report.Case{{Case: verdict.Case{ID: "a", Result: hop.Pass}}},
	}
	m, _ := Look(Of(r, Part{Run: "r", Cell: Cell{Job: "c"}, Attempt: 1, Began: noon}), "", nil)
	if !slices.Equal(m.Flaky, []Subject{{"c", "a"}}) || len(m.Red) != 2 {
		t.Errorf("flaky %v, red %+v", m.Flaky, m.Red)
	}
}

func TestACauseIsSeenFirstWhereItWas(t *testing.T) {
	line := func(day int, verdict hop.Result, reason string) Line {
		return Line{Run: fmt.Sprintf("r%d", day), Cell: "c", Case: "a", Attempt: 1, Began: noon.AddDate(0, 0, day), Verdict: verdict, Reason: reason, On: Ground{Suite: fmt.Sprintf("s%d", day)}}
	}
	lines := []Line{
		line(0, hop.Pass, ""), line(1, hop.Inconclusive, "it did not settle"), line(2, hop.Fail, "served in plaintext"), line(3, hop.Skipped, "no gateway"), line(4, hop.Fail, "served in plaintext"),
	}
	m, _ := Look(lines, "", nil)
	if len(m.Red) != 1 || m.Red[0].FirstSeen != "r2" || m.Red[0].LastGreen != "s0" {
		t.Errorf("%+v", m.Red)
	}
}

func TestACellThatDoesNotRunIsMissedEachTime(t *testing.T) {
	line := func(day int, cell string) Line {
		return Line{Run: fmt.Sprintf("r%d", day), Cell: cell, Attempt: 1, Began: noon.AddDate(0, 0, day), Verdict: hop.Pass}
	}
	lines := []Line{line(0, "c"), line(0, "d"), line(1, "c"), line(2, "c")}
	if m, _ := Look(lines, "", nil); !slices.Equal(m.Missing, []string{"d"}) {
		t.Errorf("%v", m.Missing)
	}
	if m, _ := Look([]Line{line(0, "c"), line(1, "d")}, "", nil); len(m.Missing) > 0 {
		t.Errorf("of runs of one cell each %v are missing", m.Missing)
	}
}

func TestARunThatEndedBeforeItsCasesIsRed(t *testing.T) {
	m, _ := Look([]Line{{Run: "r", Cell: "c", Attempt: 1, Began: noon, Verdict: hop.Inconclusive, Reason: "no case has a verdict"}}, "", []string{"c", "d"})
	if m.Result != hop.Fail || len(m.Red) != 1 || m.Red[0].Cases[0] != (Subject{Cell: "c"}) || !slices.Equal(m.Missing, []string{"d"}) {
		t.Errorf("%+v", m)
	}
	if badge := m.Badge(); badge.Color != "red" || badge.Message != "1 failure of 0 cases in 1 cell, for 1 cause, and 1 did not run" {
		t.Errorf("%+v", badge)
	}
}

func TestACaseThatDidNotRunIsMissedWhereNothingElseChanged(t *testing.T) {
	line := func(run, id string, day int, on Ground) Line {
		return Line{Run: run, Cell: "c", Case: id, Attempt: 1, Began: noon.AddDate(0, 0, day), Verdict: hop.Pass, On: on}
	}
	one := Ground{Suite: "one", Settings: "same"}
	lines := []Line{line("r1", "", 0, one), line("r1", "a", 0, one), line("r1", "b", 0, one)}
	for on, missing := range map[Ground][]string{one: {"b in c"}, {Suite: "another", Settings: "same"}: nil, {Suite: "one", Settings: "others"}: nil} {
		m, _ := Look(append(slices.Clone(lines), line("r2", "", 1, on), line("r2", "a", 1, on)), "", nil)
		if !slices.Equal(m.Missing, missing) || m.Green() != (len(missing) == 0) {
			t.Errorf("%+v: %v, green %t; want %v", on, m.Missing, m.Green(), missing)
		}
	}
}

func TestWhatWasSkippedIsNotGreenAgain(t *testing.T) {
	lines := []Line{
		{Run: "r1", Cell: "c", Case: "a", Attempt: 1, Began: noon, Verdict: hop.Fail, Reason: "broken"},
		{Run: "r2", Cell: "c", Case: "a", Attempt: 1, Began: noon.AddDate(0, 0, 1), Verdict: hop.Skipped},
	}
	if m, _ := Look(lines, "", nil); len(m.GreenAgain) > 0 {
		t.Errorf("%v", m.GreenAgain)
	}
}

func TestTheGridHasWhatWasRed(t *testing.T) {
	var text bytes.Buffer
	if err := Grid(&text, seed(1, false).lines, false); err != nil {
		t.Fatal(err)
	}
	s := seed(1, false)
	for _, want := range []string{"...........F  " + s.fresh + " in cell-0", "..........F.  " + s.again + " in cell-0", "....~.......  " + s.flaky + " in cell-0"} {
		if !strings.Contains(text.String(), want+"\n") {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if lines := strings.Count(text.String(), "\n"); lines != 4 {
		t.Errorf("%d lines:\n%s", lines, text.String())
	}
}

func TestMarkupInAReasonIsText(t *testing.T) {
	m, _ := Look([]Line{{Run: "r", Cell: "c", Case: "a", Attempt: 1, Began: noon, Verdict: hop.Fail, Reason: "<script>\n# x | `y`"}}, "", nil)
	if text := m.Markdown(); strings.Contains(text, "<script") || strings.Contains(text, "\n# x") {
		t.Error(text)
	}
}
