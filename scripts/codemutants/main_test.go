package main

import (
	"os"
	"regexp"
	"slices"
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
	const code = "package of\n\nconst c = 2 * 3\n\nfunc f(a, b int) {\n\tswitch {\n\tcase a <= b:\n\t\tf(a*b, b)\n\t}\n}\n"
	source := func(string) ([]byte, error) { return []byte(code), nil }
	sum, cases, err := read([]byte(`{"files":[{"file_name":"a.go","mutations":[
		{"line":8,"column":1,"type":"T","status":"KILLED"},{"line":8,"column":2,"type":"T","status":"LIVED"},
		{"line":8,"column":3,"type":"T","status":"NOT COVERED"},{"line":8,"column":4,"type":"T","status":"TIMED OUT"},
		{"line":8,"column":5,"type":"T","status":"NOT VIABLE"},{"line":7,"column":9,"type":"CONDITIONALS_NEGATION","status":"NOT COVERED"},
		{"line":3,"column":13,"type":"ARITHMETIC_BASE","status":"NOT COVERED"}]}]}`), "of", source)
	if err != nil || sum.noticed != 2 || sum.ranOn != 1 || sum.all != 4 || len(sum.survivors) != 2 || sum.survivors[0] != "of/a.go:8:2 T, lived" || sum.survivors[1] != "of/a.go:8:3 T, no test reaches it" {
		t.Errorf("%+v %v", sum, err)
	}
	want := []mistake{
		{"of/a.go", strings.Replace(code, "a <= b", "a > b", 1), "of/a.go:7:9 CONDITIONALS_NEGATION, lived"},
		{"of/a.go", strings.Replace(code, "2 * 3", "2 / 3", 1), "of/a.go:3:13 ARITHMETIC_BASE, lived"},
	}
	if !slices.Equal(cases, want) {
		t.Errorf("cases: %+v", cases)
	}
	if _, _, err := read([]byte(`{}`), "of", source); err == nil {
		t.Error("a report of nothing is taken")
	}
}

func TestAMutationThatDoesNotFitIsNamed(t *testing.T) {
	lines := []string{"\tcase a == b:\n"}
	for _, m := range []mutation{
		{Line: 1, Column: 9, Type: "CONDITIONALS_BOUNDARY"}, {Line: 1, Column: 7, Type: "CONDITIONALS_NEGATION"},
		{Line: 1, Column: 99, Type: "CONDITIONALS_NEGATION"}, {Line: 1, Column: 0, Type: "CONDITIONALS_NEGATION"}, {Line: 1, Column: 9, Type: "unknown"},
	} {
		if made, err := m.in(lines); err == nil {
			t.Errorf("%+v makes %q", m, made)
		}
	}
}

func TestOnlyTheNamedFilesOfAPartAreMutated(t *testing.T) {
	t.Chdir("../..")
	for _, s := range subjects {
		for _, p := range s.parts {
			patterns, err := p.excluded()
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
				continue
			}
			for _, file := range p.files {
				for _, pattern := range patterns {
					if regexp.MustCompile(pattern).MatchString(p.folder + "/" + file) {
						t.Errorf("%s: %s leaves out %s", s.name, pattern, file)
					}
				}
			}
			if len(p.files) > 0 && len(patterns) == 0 {
				t.Errorf("%s: of %s nothing is left out", s.name, p.folder)
			}
		}
	}
	if _, err := (part{folder: "e2e/live/runner", files: []string{"gone.go"}}).excluded(); err == nil {
		t.Error("a file that is not there is taken")
	}
}

func TestASubjectIsChosenByItsName(t *testing.T) {
	if all, err := chosen(nil); err != nil || len(all) != len(subjects) {
		t.Errorf("%v, %v", all, err)
	}
	if one, err := chosen([]string{"lock"}); err != nil || len(one) != 1 || one[0].name != "lock" {
		t.Errorf("%v, %v", one, err)
	}
	if _, err := chosen([]string{"lock", "look"}); err == nil {
		t.Error("an unknown name is taken")
	}
}

func TestEverySubjectIsMeasuredInAWorkflow(t *testing.T) {
	content, err := os.ReadFile("../../.github/workflows/code-mutants.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct {
			Strategy struct {
				Matrix struct {
					Subject []string `yaml:"subject"`
				} `yaml:"matrix"`
			} `yaml:"strategy"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(content, &workflow); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range subjects {
		want = append(want, s.name)
	}
	if got := workflow.Jobs["code-mutants"].Strategy.Matrix.Subject; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
