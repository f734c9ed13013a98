package main

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestEveryPatchFitsOnce(t *testing.T) {
	var list []patch
	if err := yaml.Unmarshal(table, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 40 {
		t.Errorf("%d patches, want 40", len(list))
	}
	for _, p := range list {
		content, err := os.ReadFile("../../" + p.File)
		if err != nil {
			t.Error(err)
			continue
		}
		if count := strings.Count(string(content), p.Is); count != 1 {
			t.Errorf("%s has %d times %q", p.File, count, p.Is)
		}
		if p.Mistake == "" || p.Becomes == p.Is {
			t.Errorf("%s: %q: a patch is a mistake, and says which", p.File, p.Is)
		}
	}
}

func TestWhatNoTestReachesIsNotNoticed(t *testing.T) {
	sum, err := read([]byte(`{"files":[{"file_name":"a.go","mutations":[
		{"line":1,"column":2,"type":"T","status":"KILLED"},{"line":2,"column":2,"type":"T","status":"LIVED"},
		{"line":3,"column":2,"type":"T","status":"NOT COVERED"},{"line":4,"column":2,"type":"T","status":"TIMED OUT"},
		{"line":5,"column":2,"type":"T","status":"NOT VIABLE"},{"line":6,"column":2,"type":"T","status":"NOT COVERED"}]}]}`), "a",
		func(_, _ string, line int) string { return map[int]string{6: "\tcase a == b:"}[line] })
	if err != nil || sum.noticed != 2 || sum.all != 4 || sum.untried != 1 || len(sum.survivors) != 2 || sum.survivors[0] != "a.go:2:2 T, lived" {
		t.Errorf("%+v %v", sum, err)
	}
	if _, err := read([]byte(`{}`), "a", lineOf); err == nil {
		t.Error("a report of nothing is taken")
	}
}
