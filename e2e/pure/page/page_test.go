package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/e2e/pure/verdict"
)

func rendered(t *testing.T, r report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r, Beside{Chart: guideChart(t)}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// of is a report of cases.
func of(cases ...verdict.Case) report.Report {
	verdicts := map[string]report.Case{}
	for _, c := range cases {
		verdicts[c.ID] = report.Case{Case: c}
	}
	return report.Fold(report.Run{RunID: "20261129-031700-ABCDEF", Verdicts: verdicts})
}

func over(from, service string) hop.Hop {
	return hop.Hop{From: from, To: hop.ServicePort{Service: service, Port: 8080}}
}

var good, bad, unknown = verdict.Case{ID: "good", Result: hop.Pass, Reason: "all agree", Checks: []verdict.Check{
	{Hop: over("client", "product-service"), Result: hop.Pass, Want: hop.MTLS}, {Hop: over("plain-client", "product-service"), Result: hop.Pass, Want: hop.Refused},
}}, verdict.Case{ID: "bad", Result: hop.Mismatch, Reason: "client -> product-service:8080: they contradict each other", Rerun: "make e2e FOCUS=bad:", Checks: []verdict.Check{
	{
		Hop: over("client", "product-service"), Result: hop.Mismatch, Reason: "wire says plaintext", Want: hop.MTLS, StandsOut: []string{"wire"},
		Intent: verdict.Intent{Answer: oracle.Answer{Says: hop.MTLS}}, Observers: verdict.Observers{Wire: &hop.Observation{Source: hop.Wire, Says: hop.Plaintext}},
	},
}}, verdict.Case{ID: "unknown", Result: hop.Inconclusive, Reason: "the mesh did not settle"}

func TestThePageNeedsNothingElse(t *testing.T) {
	page := rendered(t, of(good, bad, unknown))
	for _, element := range []string{"style", "script"} {
		text := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		sum := sha256.Sum256([]byte(text[0][1]))
		if len(text) != 1 || !strings.Contains(page, element+"-src &#39;sha256-"+strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")+"&#39;") {
			t.Errorf("%d of %s, or its hash is not in the policy", len(text), element)
		}
	}
	for _, outside := range []string{"http://", "https://", "url(", "@import", " style=", " onclick=", "innerHTML"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
}

func TestTheFirstScreenSaysWhatIsWrong(t *testing.T) {
	page := rendered(t, of(good, bad, unknown))
	for _, want := range []string{
		"<title>mTLS conformance: MISMATCH</title>", "<h1>In 1 of 3 cases policies, configuration and traffic contradict each other.</h1>",
		`href="#case-bad"`, `<a href="#cause-mismatch">Policies, configuration and traffic contradict each other</a>`, `<details class="cause" id="cause-not-tls">`, "make e2e FOCUS=bad:", `<li class="out"><b>wire</b>plaintext</li>`, `data-hop="client -> product-service:8080"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if open := strings.Count(page, "<details open>"); open != 2 {
		t.Errorf("%d cases are open", open)
	}
}

func TestTheHeadlineIsOfEveryResult(t *testing.T) {
	failed := verdict.Case{ID: "failed", Result: hop.Fail}
	for want, r := range map[string]report.Report{
		"Every connection did what its policies ask, in all 1 cases.":                                                                             of(good),
		"Connections do not do what is asked of them in 1 of 2 cases.":                                                                            of(good, failed),
		"Connections do not do what is asked of them in 1 of 2 cases; in 1 of 2 cases policies, configuration and traffic contradict each other.": of(bad, failed),
		"What became of 1 of 1 cases is not known for certain.":                                                                                   of(unknown),
		"The run did not come to its end, so it says nothing of the whole.":                                                                       report.Fold(report.Run{Cause: "no engine"}),
		"The run is not green, for another reason than its cases.":                                                                                report.Fold(report.Run{}),
		"The mesh stayed as it must be while Istio was upgraded.":                                                                                 report.Fold(report.Run{Upgrade: &upgrade.Verdict{Result: hop.Pass}}),
		"The mesh did not stay as it must be while Istio was upgraded.":                                                                           report.Fold(report.Run{Upgrade: &upgrade.Verdict{Result: hop.Fail}}),
		"The suite did not notice 1 of 1 ways in which the mesh was sabotaged.": report.Fold(report.Run{
			Specs: []report.Spec{{ID: "m", Kind: report.OfMutant, State: "passed"}}, Mutants: map[string]verdict.Mutant{"m": {ID: "m", Result: verdict.Survived}},
		}),
		"Everything that ran did what it must.": report.Fold(report.Run{Specs: []report.Spec{{ID: "m", Kind: report.OfMutant, State: "passed"}}, Mutants: map[string]verdict.Mutant{"m": {ID: "m", Result: verdict.Killed}}}),
	} {
		if got := headline(r); got != want {
			t.Errorf("%s: %q, want %q", r.Result, got, want)
		}
	}
}

func TestEachHopHasItsLocks(t *testing.T) {
	table := hopsOf(of(good, bad))
	if len(table.Clients) != 2 || len(table.Rows) != 1 {
		t.Fatalf("%+v", table)
	}
	client, plain := table.Rows[0].Hops[0], table.Rows[0].Hops[1]
	if client.Result != hop.Mismatch || client.First != "bad" || client.Checks != 2 || fmt.Sprint(client.Locks) != "[{closed 1} {open 1}]" {
		t.Errorf("client: %+v", client)
	}
	if plain.Result != hop.Pass || fmt.Sprint(plain.Locks) != "[{broken 1}]" {
		t.Errorf("plain-client: %+v", plain)
	}
}

func TestWhatTheOracleExpectsAndWhatSourceAloneStatesIsMarked(t *testing.T) {
	page := rendered(t, of(verdict.Case{ID: "a", Result: hop.Pass, ByIntent: "PeerAuthentication istio-system/theirs", Checks: []verdict.Check{
		{Result: hop.Pass, ExpectedBy: verdict.ByOracle, SourceAlone: []oracle.Rule{oracle.AutoClusters, oracle.ServerTie}}, {Result: hop.Pass},
	}}))
	for _, want := range []string{"by the oracle, from the policies in force", "states: auto-mtls/clusters peer-authentication/tie-by-name\""} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if strings.Count(page, ">†</abbr>") != 1 {
		t.Error("the mark is not there once")
	}
}

// fill gives every string that a value holds a text, and every list and map one entry.
func fill(value reflect.Value, text string) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(text)
	case reflect.Int, reflect.Int64:
		value.SetInt(1)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), text)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0), text)
	case reflect.Map:
		key, entry := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
		fill(key, text)
		fill(entry, text)
		value.Set(reflect.MakeMap(value.Type()))
		value.SetMapIndex(key, entry)
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[time.Time]() {
			value.Set(reflect.ValueOf(noon))
			return
		}
		for field, at := range value.Fields() {
			if field.IsExported() {
				fill(at, text)
			}
		}
	}
}

// What comes from a mesh is text, whatever is in it.
func TestMarkupOfAMeshIsText(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "\x00\x1b[31m\u2028'"
	var r report.Report
	fill(reflect.ValueOf(&r).Elem(), evil)
	r.Cases[0].Result, r.Cases[0].Checks[0].Result, r.Cases[0].Checks[0].Want = hop.Fail, hop.Fail, hop.MTLS
	for _, period := range []*upgrade.Period{&r.Upgrade.Traffic.Baseline, &r.Upgrade.Traffic.Periods[0]} {
		period.Lanes = append(period.Lanes, period.Lanes[0])
	}
	closed := r.Cases[0]
	closed.ID, closed.Result = "closed", hop.Pass
	r.Cases = append(r.Cases, closed)
	var out bytes.Buffer
	if err := Write(&out, r, Beside{Chart: guideChart(t), Evidence: map[string][]string{evil: {"javascript:" + evil, evil}}}); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	if strings.Count(page, "<script") != 1 || strings.Contains(page, "<img") || strings.Contains(page, "\x00") || strings.Contains(page, `href="javascript:`) {
		t.Error("markup of the mesh is markup of the page")
	}
	for _, class := range []string{"sequence", "timeline", "mesh", "cells", "piece-0", `<svg class="traffic"`, `<table class="noticed`, `<svg class="leases"`} {
		if !strings.Contains(page, class) {
			t.Errorf("the page has no %s to try", class)
		}
	}
}

// stored are the reports beside the table of versions, by the names of their files.
func stored(t *testing.T) map[string]report.Report {
	t.Helper()
	files, err := filepath.Glob("../../../scripts/versions/reports/*.json.zst")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string]report.Report{}
	for _, file := range files {
		packed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		content, err := unpacked.DecodeAll(packed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if all[filepath.Base(file)], err = report.Decode(content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return all
}

func TestThePageOfAWholeRunIsSmallAndTheSameEachTime(t *testing.T) {
	const most = 4 << 20
	all, file := stored(t), ""
	for name := range all {
		if strings.HasSuffix(name, "-cases.json.zst") {
			file = max(file, name)
		}
	}
	page := rendered(t, all[file])
	if len(page) > most {
		t.Errorf("%s: %d bytes", file, len(page))
	}
	if rendered(t, all[file]) != page {
		t.Errorf("%s: another page of the same report", file)
	}
}

// Neither many red cases nor as many as are open make the page large.
func TestThePageOf500CasesIsSmall(t *testing.T) {
	const most = 8 << 20
	var cases []report.Case
	for _, r := range stored(t) {
		cases = append(cases, r.Cases...)
	}
	for _, red := range []int{fewAtMost, 100} {
		verdicts := map[string]report.Case{}
		for i := range 500 {
			c := cases[i]
			c.ID = fmt.Sprintf("case-%03d", i)
			if i < red {
				c.Result, c.Reason = hop.Fail, fmt.Sprintf("client -> product-service:8080: istiod ended after %d ms", i)
				c.Checks = slices.Clone(c.Checks)
				for at := range c.Checks {
					c.Checks[at].Result, c.Checks[at].Reason = c.Result, c.Reason
				}
			}
			verdicts[c.ID] = c
		}
		if page := rendered(t, report.Fold(report.Run{Verdicts: verdicts})); len(page) > most {
			t.Errorf("%d of 500 red: %d bytes", red, len(page))
		} else {
			t.Logf("%d of 500 red: %d bytes", red, len(page))
		}
	}
}
