package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/shard"
)

// threeShards are the artifacts of three shards with two cases each, all of which passed but those that are red.
func threeShards(t *testing.T, red ...string) []string {
	t.Helper()
	var specs []shard.Spec
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		specs = append(specs, shard.Spec{Text: "suite A hop " + id + ": title"})
	}
	plan, err := shard.New(specs, 3)
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for place := range plan {
		part := shard.Part{Shard: shard.Number{Index: place + 1, Of: 3}, Plan: plan}
		r := left(t, nil)
		writeFiles(t, r.settings.artifacts, map[string]string{shard.File: jsonOf(t, part)})
		var reports []string
		for _, spec := range part.Specs() {
			id := spec.Text[len("suite A hop "):][:1]
			result := hop.Pass
			if slices.Contains(red, id) {
				result = hop.Fail
			}
			reports = append(reports, fmt.Sprintf(`{"LeafNodeType": "It", "ContainerHierarchyTexts": ["A hop"], "LeafNodeText": "%s: title", "State": "passed"}`, id))
			writeFiles(t, r.settings.artifacts, map[string]string{"cases/" + id + "/verdict.json": fmt.Sprintf(`{"id": %q, "result": %q, "reason": "as it came"}`, id, result)})
		}
		writeFiles(t, r.settings.artifacts, map[string]string{"ginkgo.json": fmt.Sprintf(`[{"SuiteDescription": "suite", "SpecReports": [%s]}]`, strings.Join(reports, ", "))})
		told := &record{environment: report.Environment{Istio: "1.31.0", Settings: map[string]string{"SHARD": part.Shard.String(), "CLUSTER_NAME": fmt.Sprint(place)}}}
		if _, err := r.conclude(told, nil); err != nil {
			t.Fatal(err)
		}
		folders = append(folders, r.settings.artifacts)
	}
	return folders
}

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// merged merges, and returns the exit status with what was reported.
func merged(t *testing.T, folders ...string) (int, string, report.Report) {
	t.Helper()
	r := left(t, nil)
	err := r.merge(t.Context(), folders)
	var told report.Report
	if _, none := os.Stat(filepath.Join(r.settings.artifacts, report.File)); none == nil {
		told = reportIn(t, r.settings.artifacts)
	}
	return exitCode(err), fmt.Sprint(err), told
}

func TestTheShardsOfARunMakeOneReport(t *testing.T) {
	for _, of := range []struct {
		red    []string
		status int
		result hop.Result
	}{{nil, 0, hop.Pass}, {[]string{"e"}, 1, hop.Fail}} {
		status, why, told := merged(t, threeShards(t, of.red...)...)
		if status != of.status || told.Result != of.result || told.Summary.Pass != 6-len(of.red) || told.Summary.Fail != len(of.red) {
			t.Errorf("status %d, %s: %s %+v", status, why, told.Result, told.Summary)
		}
		if _, of := told.Environment.Settings["SHARD"]; of || told.Environment.Istio != "1.31.0" {
			t.Errorf("%+v", told.Environment)
		}
	}
}

func TestAShardThatIsNotWholeIsNamedInTheReport(t *testing.T) {
	killed := threeShards(t)
	if err := os.Remove(filepath.Join(killed[1], report.File)); err != nil {
		t.Fatal(err)
	}
	stopped := threeShards(t)
	writeFiles(t, stopped[2], map[string]string{"ginkgo.json": `[{"SuiteDescription": "suite", "SpecReports": []}]`})
	for name, of := range map[string]struct {
		folders []string
		why     string
	}{
		"lost":    {threeShards(t)[:2], "shard 3/3 is missing: suite A hop c: title; suite A hop f: title"},
		"killed":  {killed, "shard 2/3 (" + killed[1] + ") ended without a report: suite A hop b: title; suite A hop e: title"},
		"stopped": {stopped, "shard 3/3 (" + stopped[2] + ") did not run suite A hop c: title; suite A hop f: title"},
	} {
		status, why, told := merged(t, of.folders...)
		if status != 1 || why != of.why || told.Result != hop.Inconclusive || told.Reason != of.why {
			t.Errorf("%s: status %d, %s; %s %s", name, status, why, told.Result, told.Reason)
		}
	}
}

// What went wrong beside the cases of a shard, such as a cluster that could not be deleted, goes with it, also where a case is red.
func TestWhatMakesAShardRedBesideItsCasesIsKept(t *testing.T) {
	for _, red := range [][]string{nil, {"a"}} {
		folders := threeShards(t, red...)
		told := reportIn(t, folders[0])
		told.Result, told.Cause = hop.Inconclusive, "deleting the cluster: no engine"
		writeFiles(t, folders[0], map[string]string{report.File: jsonOf(t, told)})
		if status, why, all := merged(t, folders...); status != 1 || !strings.HasSuffix(why, "deleting the cluster: no engine") || all.Result == hop.Pass || all.Summary.Fail != len(red) {
			t.Errorf("status %d, %s; %s", status, why, all.Result)
		}
	}
}

// A verdict of a shard that did not come to its end counts, whatever else is missing.
func TestTheVerdictsOfAShardThatWasKilledAreKept(t *testing.T) {
	for _, file := range []string{report.File, report.GinkgoFile} {
		folders := threeShards(t, "a")
		if err := os.Remove(filepath.Join(folders[0], file)); err != nil {
			t.Fatal(err)
		}
		if status, _, all := merged(t, folders...); status != 1 || all.Result != hop.Fail || all.Summary.Fail != 1 {
			t.Errorf("without %s: status %d, %s %+v", file, status, all.Result, all.Summary)
		}
	}
}

func TestAShardWhoseClusterDidNotComeUpSaysWhy(t *testing.T) {
	folders := threeShards(t)
	told := reportIn(t, folders[1])
	told.Result, told.Cause, told.Cases, told.Environment.Istio = hop.Inconclusive, "pulling images: no route", nil, ""
	folders[1] = t.TempDir()
	writeFiles(t, folders[1], map[string]string{report.File: jsonOf(t, told)})
	status, why, all := merged(t, folders...)
	want := "shard 2/3 (" + folders[1] + ") ended before it ran anything: suite A hop b: title; suite A hop e: title\nshard 2/3 (" + folders[1] + "): pulling images: no route"
	if status != 1 || why != want || all.Result != hop.Inconclusive || all.Environment.Istio != "1.31.0" {
		t.Errorf("status %d, %s; %s", status, why, all.Result)
	}
}

func TestShardsThatMakeNoRunAreRefused(t *testing.T) {
	twice := threeShards(t)
	elsewhere := threeShards(t)
	told := reportIn(t, elsewhere[2])
	told.Environment.Istio = "1.30.0"
	writeFiles(t, elsewhere[2], map[string]string{report.File: jsonOf(t, told)})
	for name, of := range map[string]struct {
		folders []string
		why     string
	}{
		"twice":        {append(twice, twice[0]), "shard 1/3 is there twice"},
		"other ground": {elsewhere, "are not of one run: Istio is \"1.31.0\" and \"1.30.0\""},
		"none":         {nil, "FROM=: name the artifacts folders"},
		"no shard":     {[]string{t.TempDir()}, "is no artifacts folder of a run with SHARD"},
	} {
		if status, why, told := merged(t, of.folders...); status != 2 || !strings.Contains(why, of.why) || told.RunID != "" || told.Result != "" {
			t.Errorf("%s: status %d, %s; %+v", name, status, why, told.Result)
		}
	}
}

// The folder is emptied before the report is written.
func TestTheMergedReportGoesToAFolderOfItsOwn(t *testing.T) {
	folders := threeShards(t)
	for _, artifacts := range []string{folders[0], filepath.Dir(folders[0]), filepath.Join(folders[0], "merged")} {
		r := left(t, nil)
		r.settings.artifacts = artifacts
		if err := r.merge(t.Context(), folders); exitCode(err) != 2 {
			t.Errorf("%s: %v", artifacts, err)
		}
		if _, err := os.Stat(filepath.Join(folders[0], report.File)); err != nil {
			t.Fatal(err)
		}
	}
}
