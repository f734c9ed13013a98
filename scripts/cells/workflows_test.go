package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// workflow is what these tests look at.
type workflow struct {
	Jobs map[string]struct {
		Minutes int    `yaml:"timeout-minutes"`
		Uses    string `yaml:"uses"`
		Steps   []struct {
			Uses string `yaml:"uses"`
			Run  string `yaml:"run"`
		} `yaml:"steps"`
		With map[string]string `yaml:"with"`
	} `yaml:"jobs"`
}

func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(root + "/.github/workflows/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(content, &w); err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".yaml")] = w
	}
	return all
}

var (
	makeTarget = regexp.MustCompile(`^(?:[a-z]+=\$\()?make (?:--no-print-directory )?([a-z0-9-]+)(?: [A-Z]+=[a-z.]+| >> "\$GITHUB_STEP_SUMMARY")*(?:\)\necho "[a-z]+=\$[a-z]+" >> "\$GITHUB_OUTPUT"\n)?$`)
	pinned     = regexp.MustCompile(`^actions/(checkout|setup-go|upload-artifact)@[0-9a-f]{40}$`)
)

func TestEveryStepOfAWorkflowIsATargetOfMake(t *testing.T) {
	makefile, err := os.ReadFile(root + "/Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range workflows(t) {
		for id, j := range w.Jobs {
			if j.Uses == "" && j.Minutes == 0 {
				t.Errorf("%s: job %s has no time limit", name, id)
			}
			for _, step := range j.Steps {
				if step.Uses != "" {
					if !pinned.MatchString(step.Uses) {
						t.Errorf("%s: job %s: %s", name, id, step.Uses)
					}
					continue
				}
				target := makeTarget.FindStringSubmatch(step.Run)
				if target == nil || !strings.Contains(string(makefile), "\n"+target[1]+": ") {
					t.Errorf("%s: job %s: %q is no target of make", name, id, step.Run)
				}
			}
		}
	}
}

// GitHub runs twenty jobs of an account at once (https://docs.github.com/en/actions/reference/limits).
func TestAWorkflowHasTwentyJobsAtMost(t *testing.T) {
	const most, planAndHistory = 20, 2
	for _, lane := range []string{"pull", "source"} {
		t.Run(lane, func(t *testing.T) {
			t.Chdir(root)
			pairs, err := versions(t.Context(), lane)
			if err != nil {
				t.Fatal(err)
			}
			for _, workflow := range []string{"nightly", "upgrade", "flake"} {
				cells, err := plan(jobs(), workflow, pairs, "", "")
				if err != nil {
					t.Fatal(err)
				}
				if len(cells)+planAndHistory > most {
					t.Errorf("%s has %d jobs", workflow, len(cells)+planAndHistory)
				}
			}
		})
	}
}

// A runner has 14 GB (https://docs.github.com/en/actions/reference/runners/github-hosted-runners); Go's caches take some of it.
func TestTheImagesOfACellFitARunner(t *testing.T) {
	const disk, caches = 14, 6
	t.Chdir(root)
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // with none of them there
	pairs, err := versions(t.Context(), "pull")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		said, err := exec.CommandContext(t.Context(), "scripts/images.sh", "--need", "pull", p.Kubernetes, p.Istio).Output()
		if err != nil {
			t.Fatal(err)
		}
		need, err := strconv.Atoi(strings.TrimSpace(string(said)))
		if err != nil || need == 0 || need+caches > disk {
			t.Errorf("Istio %s on Kubernetes %s needs %d GB (%v)", p.Istio, p.Kubernetes, need, err)
		}
	}
}

// A job of a workflow that there is not would never run.
func TestEveryWorkflowOfAJobIsThere(t *testing.T) {
	all := workflows(t)
	for _, j := range jobs() {
		for _, name := range j.Workflows {
			used := false
			for _, called := range all[name].Jobs {
				used = used || called.With["workflow"] == name || called.With["cell"] == j.Job
			}
			if !used {
				t.Errorf("%s: no workflow %s asks for it", j.Job, name)
			}
		}
	}
}

func TestDependabotKnowsEveryModuleEveryWheelAndEveryPackage(t *testing.T) {
	content, err := os.ReadFile(root + "/.github/dependabot.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Updates []struct {
			Ecosystem   string   `yaml:"package-ecosystem"`
			Directory   string   `yaml:"directory"`
			Directories []string `yaml:"directories"`
		} `yaml:"updates"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	known := func(ecosystem, folder string) bool {
		for _, update := range config.Updates {
			matches := func(pattern string) bool {
				is, err := path.Match(pattern, folder)
				return err == nil && is
			}
			if update.Ecosystem == ecosystem && slices.ContainsFunc(append(update.Directories, update.Directory), matches) {
				return true
			}
		}
		return false
	}
	if !known("github-actions", "/") {
		t.Error("the actions are not known")
	}
	found := 0
	err = fs.WalkDir(os.DirFS(root), ".", func(file string, _ fs.DirEntry, err error) error {
		ecosystem := map[string]string{"go.mod": "gomod", "requirements.txt": "pip", "package.json": "npm"}[path.Base(file)]
		if err != nil || ecosystem == "" {
			return err
		}
		found++
		if folder := path.Join("/", path.Dir(file)); !known(ecosystem, folder) {
			t.Errorf("%s is not known", file)
		}
		return nil
	})
	if err != nil || found < 10 {
		t.Errorf("%d files, %v", found, err)
	}
}
