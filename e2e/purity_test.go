//go:build !e2e

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const module = "mtls.test/conformance/"

// order is the order of the pure packages: each imports to the left of it only. Those of one step do not import
// each other.
var order = [][]string{
	{"clock"}, {"hop"}, {"witness", "proxylog"}, {"fixture"}, {"intent", "envoy", "accesslog", "handshake"}, {"verdict", "catalogue", "tlscheck", "recording"}, {"report"},
}

// impure are packages, with all below them, that no pure package may reach.
var impure = []string{
	"net/http", "os/exec", "os/signal", "testing", "k8s.io", "sigs.k8s.io", "istio.io/client-go", "google.golang.org/grpc",
	"github.com/onsi", "github.com/google/go-containerregistry",
}

func TestPurePackagesReachNoClientAndNoNetwork(t *testing.T) {
	for _, packages := range order {
		for _, name := range packages {
			for _, reached := range reach(t, name) {
				if slices.ContainsFunc(impure, func(bad string) bool { return reached == bad || strings.HasPrefix(reached, bad+"/") }) {
					t.Errorf("e2e/%s reaches %s", name, reached)
				}
			}
		}
	}
}

func TestPurePackagesImportToTheLeftOnly(t *testing.T) {
	var left []string
	for _, packages := range order {
		for _, name := range packages {
			for _, reached := range reach(t, name) {
				own, ours := strings.CutPrefix(reached, module)
				if ours && own != "e2e/"+name && !slices.Contains(left, own) {
					t.Errorf("e2e/%s reaches %s, which is not to the left of it", name, own)
				}
			}
		}
		for _, name := range packages {
			left = append(left, "e2e/"+name)
		}
	}
}

// What proves that a mutant bit must have nothing in common with what the mutant tests.
func TestAProofReachesNothingByWhichTheSuiteLooksAtAMesh(t *testing.T) {
	for _, reached := range reach(t, "proof") {
		own, ours := strings.CutPrefix(reached, module+"e2e/")
		if ours && !slices.Contains([]string{"proof", "kube", "fixture", "hop", "clock"}, own) {
			t.Errorf("e2e/proof reaches e2e/%s", own)
		}
	}
}

func TestReachNamesAPackageThatDoesNotExist(t *testing.T) {
	if reached, err := listReached(t.Context(), "no-such-package"); err == nil || !strings.Contains(err.Error(), "no-such-package") {
		t.Errorf("reached %v, error %v; want an error that names the package", reached, err)
	}
}

func TestTheLinterKnowsEveryPurePackage(t *testing.T) {
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
	var forbidden *regexp.Regexp
	for _, rule := range config.Linters.Exclusions.Rules {
		if rule.PathExcept != "" && slices.Equal(rule.Linters, []string{"forbidigo"}) {
			forbidden = regexp.MustCompile(rule.PathExcept)
		}
	}
	if forbidden == nil {
		t.Fatal(".golangci.yml: no exclusion of forbidigo names the pure packages by path-except")
	}
	guarded := config.Linters.Settings.Depguard.Rules["pure"].Files
	for _, name := range slices.Concat(order...) {
		if !forbidden.MatchString("e2e/" + name + "/file.go") {
			t.Errorf(".golangci.yml: time.Now is not forbidden in e2e/%s", name)
		}
		if !slices.Contains(guarded, "**/e2e/"+name+"/*.go") {
			t.Errorf(".golangci.yml: depguard's rule pure leaves out e2e/%s", name)
		}
	}
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
