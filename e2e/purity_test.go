//go:build !e2e

package e2e_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const module = "mtls.test/conformance/"

// order is the order of the packages under e2e/pure: each imports to the left of it only. Those of one step do not import
// each other.
var order = [][]string{
	{"clock", "istioversion", "availability", "shard", "explain"}, {"hop"}, {"document", "fixture", "interception"}, {"oracle", "envoy", "accesslog", "handshake"}, {"verdict", "kiali", "recording"}, {"join", "tlscheck"}, {"replay", "tlsdiff", "clusterpage"}, {"upgrade"}, {"report"}, {"history"}, {"redact"}, {"page", "matrix"},
}

// shared are the packages outside e2e that pure ones may import: what a prober tells, which the suite judges.
var shared = []string{"fixtures/agent/series", "fixtures/agent/token"}

// impure are packages, with all below them, that no pure package may reach.
var impure = []string{
	"net/http", "os/exec", "os/signal", "testing", "k8s.io", "sigs.k8s.io", "istio.io/client-go", "google.golang.org/grpc",
	"github.com/onsi", "github.com/google/go-containerregistry",
}

func TestEveryPackageIsUnderPureOrLive(t *testing.T) {
	for _, folder := range packagesUnder(t, ".") {
		if top, _, _ := strings.Cut(folder, "/"); folder != "." && top != "pure" && top != "live" {
			t.Errorf("e2e/%s is neither under e2e/pure nor under e2e/live", folder)
		}
	}
	for _, folder := range packagesUnder(t, "pure") {
		if !slices.Contains(slices.Concat(order...), strings.TrimPrefix(folder, "pure/")) {
			t.Errorf("e2e/%s has no place in the order of the pure packages", folder)
		}
	}
}

func TestPurePackagesReachNoClientAndNoNetwork(t *testing.T) {
	for _, folder := range packagesUnder(t, "pure") {
		for _, reached := range reach(t, folder) {
			if slices.ContainsFunc(impure, func(bad string) bool { return reached == bad || strings.HasPrefix(reached, bad+"/") }) {
				t.Errorf("e2e/%s reaches %s", folder, reached)
			}
		}
	}
}

func TestPurePackagesImportToTheLeftOnly(t *testing.T) {
	left := slices.Clone(shared)
	for _, packages := range order {
		for _, name := range packages {
			for _, reached := range reach(t, "pure/"+name) {
				own, ours := strings.CutPrefix(reached, module)
				if ours && own != "e2e/pure/"+name && !slices.Contains(left, own) {
					t.Errorf("e2e/pure/%s reaches %s, which is not to the left of it", name, own)
				}
			}
		}
		for _, name := range packages {
			left = append(left, "e2e/pure/"+name)
		}
	}
}

// What proves that a mutant bit must have nothing in common with what the mutant tests.
func TestAProofReachesNothingByWhichTheSuiteLooksAtAMesh(t *testing.T) {
	for _, reached := range reach(t, "live/proof") {
		own, ours := strings.CutPrefix(reached, module+"e2e/")
		if ours && !slices.Contains([]string{"live/proof", "live/kube", "live/timeout", "pure/fixture", "pure/hop", "pure/clock", "pure/istioversion"}, own) {
			t.Errorf("e2e/live/proof reaches e2e/%s", own)
		}
	}
}

func TestReachNamesAPackageThatDoesNotExist(t *testing.T) {
	if reached, err := listReached(t.Context(), "no-such-package"); err == nil || !strings.Contains(err.Error(), "no-such-package") {
		t.Errorf("reached %v, error %v; want an error that names the package", reached, err)
	}
}

// The linter looks at each file as it is written; it must know the same folder.
func TestTheLinterKnowsTheFolderOfThePurePackages(t *testing.T) {
	content, err := os.ReadFile("../.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct {
						Files []string `yaml:"files"`
						Deny  []struct {
							Package string `yaml:"pkg"`
						} `yaml:"deny"`
					} `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
			Exclusions struct {
				Rules []struct {
					PathExcept string   `yaml:"path-except"`
					Linters    []string `yaml:"linters"`
				} `yaml:"rules"`
			} `yaml:"exclusions"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	forbids := false
	for _, rule := range config.Linters.Exclusions.Rules {
		forbids = forbids || rule.PathExcept == "^e2e/pure/" && slices.Equal(rule.Linters, []string{"forbidigo"})
	}
	if !forbids {
		t.Error(".golangci.yml: forbidigo is not on for ^e2e/pure/ alone")
	}
	pure := config.Linters.Settings.Depguard.Rules["pure"]
	if !slices.Contains(pure.Files, "**/e2e/pure/**/*.go") {
		t.Error(".golangci.yml: depguard's rule pure is not for **/e2e/pure/**/*.go")
	}
	for name, rule := range config.Linters.Settings.Depguard.Rules {
		for _, deny := range rule.Deny {
			folder, ours := strings.CutPrefix(deny.Package, module)
			if _, err := os.Stat("../" + folder); ours && err != nil {
				t.Errorf(".golangci.yml: depguard's rule %s denies a package that is not there: %v", name, err)
			}
		}
		for _, pattern := range rule.Files {
			folder, ours := strings.CutPrefix(strings.TrimPrefix(pattern, "!"), "**/")
			if !ours {
				continue
			}
			if found, err := filepath.Glob("../" + strings.Replace(folder, "/**", "/*", 1)); err != nil || len(found) == 0 {
				t.Errorf(".golangci.yml: depguard's rule %s is for %s, where no file is", name, pattern)
			}
		}
	}
}

// packagesUnder lists the folders with Go sources under a folder of e2e, itself among them, as paths from e2e.
func packagesUnder(t *testing.T, root string) []string {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".go" && !slices.Contains(folders, filepath.Dir(path)) {
			folders = append(folders, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// reach lists the packages that one of ours is built from, itself among them.
func reach(t *testing.T, name string) []string {
	t.Helper()
	reached, err := listReached(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return reached
}

// listReached is reach with an error for a package that does not exist or does not build.
func listReached(ctx context.Context, name string) ([]string, error) {
	sources, err := filepath.Glob(filepath.Join(name, "*.go"))
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("e2e/%s: no such package; name it as its folder is named", name)
	}
	// go test caches a result by the files that the test itself reads.
	for _, file := range append(sources, "../go.mod") {
		if _, err := os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	list := exec.CommandContext(ctx, "go", "list", "-deps", "./"+name)
	var said strings.Builder
	list.Stderr = &said
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", list, err, &said)
	}
	return strings.Fields(string(output)), nil
}
