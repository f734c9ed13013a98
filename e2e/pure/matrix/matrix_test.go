package matrix

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

var update = flag.Bool("update", false, "write testdata/matrix.html")

// recorded is a report of testdata, cut down to a few cases and checks: of schema 4.3, of 4.7 an upgrade, of 5.0 a run on a mesh that had
// been broken by hand.
func recorded(t *testing.T, name string) Run {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return Run{File: name, Place: name + "/report.json", Report: r}
}

// whole are the recorded runs.
func whole(t *testing.T) []Run {
	t.Helper()
	var runs []Run
	for _, name := range []string{
		"istio-1.30-kubernetes-1.35", "istio-1.30-kubernetes-1.36", "istio-1.31-kubernetes-1.35", "istio-1.31-kubernetes-1.36", "mutants", "broken", "upgrade",
	} {
		runs = append(runs, recorded(t, name))
	}
	runs[5].Page = "broken/report.html"
	return runs
}

func rendered(t *testing.T, runs []Run) string {
	t.Helper()
	m, err := Of(runs)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRecordedRunsAreOnePage(t *testing.T) {
	const file = "testdata/matrix.html"
	_, got, _ := strings.Cut(rendered(t, whole(t)), "<header>")
	got, _, _ = strings.Cut(got, "<script>")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("go test ./e2e/pure/matrix -update writes it:\n%s", got)
	}
}

func TestThePageIsTheSameInWhicheverOrder(t *testing.T) {
	runs := whole(t)
	want := rendered(t, runs)
	slices.Reverse(runs)
	if got := rendered(t, runs); got != want {
		t.Error("another page of the same runs")
	}
}

func TestRunsThatCannotBeHeldAgainstEachOtherAreNamed(t *testing.T) {
	good := recorded(t, "istio-1.31-kubernetes-1.36")
	with := func(change func(*report.Report)) []Run {
		bad := recorded(t, "istio-1.31-kubernetes-1.35")
		change(&bad.Report)
		return []Run{good, bad}
	}
	for want, runs := range map[string][]Run{
		"istio-1.31-kubernetes-1.36 and copy are reports of the very same run, 20261128-225845-WBLNPK: give one of them": {good, {File: "copy", Report: good.Report}},
		"istio-1.31-kubernetes-1.35: not a report.json: it has no schemaVersion":                                         with(func(r *report.Report) { r.SchemaVersion = "" }),
		"istio-1.31-kubernetes-1.35: its schemaVersion is 6.0":                                                           with(func(r *report.Report) { r.SchemaVersion = "6.0" }),
		"istio-1.31-kubernetes-1.35: it has no runID":                                                                    with(func(r *report.Report) { r.RunID = "" }),
		"istio-1.31-kubernetes-1.35: it is of shard 1/2 alone":                                                           with(func(r *report.Report) { r.Environment.Settings["SHARD"] = "1/2" }),
		"istio-1.31-kubernetes-1.35: it names no version of Istio and of Kubernetes":                                     with(func(r *report.Report) { r.Environment = report.Environment{} }),
	} {
		if _, err := Of(runs); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// on is a run of cases with results, such as "a PASS".
func on(istio, kubernetes, suite string, results ...string) Run {
	verdicts := map[string]report.Case{}
	for _, text := range results {
		id, result, _ := strings.Cut(text, " ")
		verdicts[id] = report.Case{Case: verdict.Case{ID: id, Result: hop.Result(result), Reason: "client -> server:80: it came to " + result}}
	}
	r := report.Fold(report.Run{
		RunID:       fmt.Sprintf("20261129-031700-%s%s%s%v", istio, kubernetes, suite, results),
		Environment: report.Environment{Istio: istio, Kubernetes: kubernetes, Suite: suite, Profile: "default", Lane: "pull"}, Verdicts: verdicts,
	})
	return Run{File: istio + kubernetes, Report: r}
}

func TestWhatDecidesIsSaid(t *testing.T) {
	vanilla := func(run Run) Run {
		run.Report.Environment.Profile = "vanilla"
		run.Report.RunID += "vanilla"
		return run
	}
	for name, test := range map[string]struct {
		runs []Run
		want string
	}{
		"Istio on each Kubernetes": {
			[]Run{on("1.30.5", "1.35", "", "a PASS"), on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.35", "", "a MISMATCH"), on("1.31.1", "1.36", "", "a MISMATCH")},
			"PASS with Istio 1.30, MISMATCH with Istio 1.31, on every Kubernetes (1.36 and 1.35)",
		},
		"Istio on one Kubernetes": {
			[]Run{on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.36", "", "a MISMATCH")}, "PASS with Istio 1.30, MISMATCH with Istio 1.31, on Kubernetes 1.36",
		},
		"Istio, not on the same": {
			[]Run{on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.35", "", "a FAIL"), on("1.31.1", "1.36", "", "a FAIL")}, "PASS with Istio 1.30, FAIL with Istio 1.31, on each Kubernetes that it ran on",
		},
		"two patches of a minor": {
			[]Run{on("1.31.0", "1.36", "", "a PASS"), on("1.31.1", "1.36", "", "a FAIL")}, "PASS with Istio 1.31.0, FAIL with Istio 1.31.1, on Kubernetes 1.36",
		},
		"Kubernetes": {
			[]Run{on("1.30.5", "1.35", "", "a SKIPPED"), on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.35", "", "a SKIPPED"), on("1.31.1", "1.36", "", "a PASS")},
			"PASS with Kubernetes 1.36, SKIPPED with Kubernetes 1.35, with every Istio (1.31 and 1.30)",
		},
		"Istio or Kubernetes": {
			[]Run{on("1.30.5", "1.35", "", "a PASS"), on("1.31.1", "1.36", "", "a FAIL")}, "PASS with Istio 1.30, FAIL with Istio 1.31; Kubernetes differs along with it, so these runs do not tell which of them decides",
		},
		"Istio or the suite": {
			[]Run{on("1.30.5", "1.36", "aaaaaaaaaa", "a PASS"), on("1.31.1", "1.36", "bbbbbbbbbb", "a FAIL")}, "PASS with Istio 1.30, FAIL with Istio 1.31; the suite differs along with it, so these runs do not tell which of them decides",
		},
		"the profile": {
			[]Run{on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.36", "", "a PASS"), vanilla(on("1.31.1", "1.36", "", "a FAIL"))},
			"PASS with profile default, FAIL with profile vanilla",
		},
		"the profile of one version": {
			[]Run{on("1.30.5", "1.36", "", "a FAIL"), on("1.31.1", "1.36", "", "a FAIL"), vanilla(on("1.30.5", "1.36", "", "a PASS")), vanilla(on("1.31.1", "1.36", "", "a FAIL"))},
			"PASS in Istio 1.30 on Kubernetes 1.36, profile vanilla, FAIL in Istio 1.31 on Kubernetes 1.36, profile default, Istio 1.31 on Kubernetes 1.36, profile vanilla and Istio 1.30 on Kubernetes 1.36, profile default; nothing by which these cells differ decides it alone",
		},
		"one cell": {
			[]Run{on("1.30.5", "1.35", "", "a PASS"), on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.35", "", "a PASS"), on("1.31.1", "1.36", "", "a FAIL")},
			"PASS in Istio 1.31 on Kubernetes 1.35, Istio 1.30 on Kubernetes 1.36 and Istio 1.30 on Kubernetes 1.35, FAIL in Istio 1.31 on Kubernetes 1.36; nothing by which these cells differ decides it alone",
		},
		"runs of a cell": {
			[]Run{on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.36", "", "a FAIL"), on("1.31.1", "1.36", "", "a PASS")},
			"PASS in Istio 1.30 on Kubernetes 1.36, FAIL in Istio 1.31 on Kubernetes 1.36; the runs in Istio 1.31 on Kubernetes 1.36 do not agree, so none of the versions decides",
		},
		"where it did not run": {
			[]Run{on("1.29.9", "1.36", "", "b PASS"), on("1.30.5", "1.36", "", "a PASS"), on("1.31.1", "1.36", "", "a FAIL")}, "PASS with Istio 1.30, FAIL with Istio 1.31, on Kubernetes 1.36",
		},
	} {
		m, err := Of(test.runs)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		found := findings(m.cells, m.subjects)
		if len(found) != 1 || found[0].Text != test.want || !slices.Equal(found[0].Cases, []string{"a"}) {
			t.Errorf("%s: %+v, want %s", name, found, test.want)
		}
	}
}

func TestTheWorstFindingIsTheFirst(t *testing.T) {
	m, err := Of([]Run{on("1.30.5", "1.36", "", "a SKIPPED", "b PASS", "c PASS"), on("1.31.1", "1.36", "", "a PASS", "b FAIL", "c FAIL")})
	if err != nil {
		t.Fatal(err)
	}
	found := findings(m.cells, m.subjects)
	if len(found) != 2 || found[0].Result != hop.Fail || !slices.Equal(found[0].Cases, []string{"b", "c"}) || found[1].Result != hop.Skipped {
		t.Errorf("%+v", found)
	}
	if m.headline() != "1 of 2 runs are not green; 3 of 3 cases, mutants and faults are not alike in all cells." {
		t.Error(m.headline())
	}
}

func TestWhatIsAlikeIsSummedUp(t *testing.T) {
	noticed := on("1.31.1", "1.36", "")
	noticed.Report.Mutants = []verdict.Mutant{{ID: "m", Result: verdict.Killed}, {ID: "n", Result: verdict.Killed}}
	m, err := Of([]Run{
		on("1.29.9", "1.35", "", "a PASS", "b PASS", "c PASS"), on("1.30.5", "1.36", "", "a PASS", "b PASS", "c PASS", "red FAIL"), on("1.31.1", "1.36", "", "a PASS", "b PASS", "red FAIL"), noticed,
	})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, one := range alikes(m.cells, m.subjects) {
		said = append(said, fmt.Sprintf("%s %v", one.Text, one.IDs))
	}
	want := []string{
		"1 case is FAIL in 2 of 3 cells, and did not run in Istio 1.29 on Kubernetes 1.35 [red]",
		"2 cases are PASS in all 3 cells [a b]",
		"2 mutants are noticed in 1 of 3 cells, and ran nowhere else: Istio 1.31 on Kubernetes 1.36 [mutant m mutant n]",
		"1 case is PASS in 2 of 3 cells, and did not run in Istio 1.31 on Kubernetes 1.36 [c]",
	}
	if !slices.Equal(said, want) {
		t.Errorf("%q\nwant %q", said, want)
	}
	if m, err = Of([]Run{on("1.31.1", "1.36", "", "a PASS")}); err != nil {
		t.Fatal(err)
	}
	if got := alikes(m.cells, m.subjects)[0].Text; got != "1 case is PASS in the only cell" {
		t.Error(got)
	}
}

// The recorded breakage has its explanation, whichever of the runs of its cell are green.
func TestCausesAreExplained(t *testing.T) {
	m, err := Of(whole(t))
	if err != nil {
		t.Fatal(err)
	}
	causes := causesOf(m.subjects)
	if len(causes) != 5 || len(causes[0].Differing) != 2 || causes[0].Explained == nil || causes[0].Explained.ID != "past-the-proxy" || causes[0].Rerun != "make e2e FOCUS=default-mesh:" {
		t.Errorf("%+v", causes)
	}
}

func TestWhatIsRedEverywhereHasItsCause(t *testing.T) {
	m, err := Of([]Run{on("1.30.5", "1.36", "", "a FAIL", "b FAIL", "c SKIPPED"), on("1.31.1", "1.36", "", "a FAIL", "b PASS", "c PASS")})
	if err != nil {
		t.Fatal(err)
	}
	causes := causesOf(m.subjects)
	if len(causes) != 2 || causes[0].Result != hop.Fail || causes[0].Alike[0].ID != "a" || causes[0].Differing[0].ID != "b" || causes[1].Result != hop.Skipped || causes[1].Differing[0].ID != "c" {
		t.Errorf("%+v", causes)
	}
}

func TestARunIsNamedAsTheTableOfVersionsNamesIt(t *testing.T) {
	for _, test := range []struct {
		settings map[string]string
		rounds   int
		want     string
	}{
		{map[string]string{"LABELS": "!slow && !chaos && !explore && !mutant", "MODE": "canary"}, 0, "cases"},
		{map[string]string{"LABELS": "!chaos && !explore && !mutant"}, 0, "full"},
		{map[string]string{"LABELS": "mutant"}, 0, "mutants"},
		{map[string]string{"LABELS": "chaos"}, 10, "chaos, 10 rounds"},
		{map[string]string{"LABELS": "stage", "TO": "1.31", "MODE": "rollback", "TRAFFIC": "strict"}, 0, "upgrade rollback"},
		{map[string]string{"LABELS": "stage", "TO": "1.31", "MODE": "canary", "TRAFFIC": "lease"}, 0, "upgrade canary lease"},
		{map[string]string{"LABELS": "stage", "TO": "1.31", "MODE": "canary", "MUTANT": "two-labels"}, 0, "upgrade mutant two-labels"},
	} {
		r := report.Report{Environment: report.Environment{Settings: test.settings}}
		if test.rounds > 0 {
			r.Repeat = &report.Repeat{Rounds: test.rounds}
		}
		if got := nameOf(r); got != test.want {
			t.Errorf("%v: %s, want %s", test.settings, got, test.want)
		}
	}
}

func TestTheNewestVersionsAreFirst(t *testing.T) {
	m, err := Of(append(whole(t), on("1.31.10", "v1.36.3", ""), on("1.31.9", "v1.36.10", "")))
	if err != nil {
		t.Fatal(err)
	}
	var istios []string
	for _, r := range m.rows() {
		istios = append(istios, r.Istio)
	}
	if want := []string{"1.31.10", "1.31.9", "1.31.0-eed52ebb66ad", "1.30.0-9739e10eb9d7 to 1.31.0-eed52ebb66ad", "1.30.0-9739e10eb9d7"}; !slices.Equal(istios, want) {
		t.Errorf("%q, want %q", istios, want)
	}
	if got := m.kubernetes(); !slices.Equal(got, []string{"v1.36.10", "v1.36.3", "v1.35.4"}) {
		t.Errorf("%q", got)
	}
}

// A run that ended before its images were known has the versions that it was asked for, and its cause.
func TestARunThatDidNotComeUpHasAPlace(t *testing.T) {
	down := Run{File: "down", Report: report.Fold(report.Run{
		RunID: "20261129-031700-ABCDEF", Cause: "the images could not be pulled", Environment: report.Environment{Settings: map[string]string{"ISTIO_VERSION": "1.31", "KUBERNETES_VERSION": "1.36"}},
	})}
	page := rendered(t, []Run{recorded(t, "istio-1.30-kubernetes-1.36"), down})
	for _, want := range []string{"the images could not be pulled", `<th scope="row">1.31</th>`, "no case"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
}

func TestMarkupOfAReportIsText(t *testing.T) {
	evil := `"><script>alert(1)</script>` + "\x00\x1b[31m\u202e'"
	bad := on(evil, evil, evil, "a PASS")
	bad.Report.Cases[0].ID, bad.Report.Cases[0].Result, bad.Report.Cases[0].Reason, bad.Report.Cases[0].Rerun = evil, hop.Fail, evil, evil
	bad.Report.Result, bad.Report.Reason, bad.Report.RunID, bad.Place, bad.Page = hop.Fail, evil, evil, evil, "javascript:alert(1)"
	bad.Report.Environment.Settings = map[string]string{"FOCUS": evil, "LABELS": evil}
	page := rendered(t, []Run{bad, on("1.31.1", "1.36", "", "a PASS")})
	if strings.Count(page, "<script") != 1 || strings.ContainsAny(page, "\x00\x1b\u202e") || strings.Contains(page, `"javascript:`) || !strings.Contains(page, "alert(1)") {
		t.Error(page)
	}
}
