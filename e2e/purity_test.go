package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "mtls.test/conformance/"

// order is the order of the pure packages: each imports to the left of it only. Those of one step do not import
// each other.
var order = [][]string{
	{"clock"}, {"hop"}, {"config", "witness", "proxylog"}, {"fixture"}, {"intent", "envoy", "accesslog", "handshake"}, {"verdict", "catalogue", "tlscheck"}, {"report"},
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

// reach lists the packages that one of ours is built from, itself among them; none while it does not exist.
func reach(t *testing.T, name string) []string {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(name, "*.go"))
	if err != nil || len(sources) == 0 {
		return nil
	}
	// go test caches a result by the files that the test itself reads.
	for _, file := range append(sources, "../go.mod") {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./"+name)
	var said strings.Builder
	list.Stderr = &said
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", list, err, &said)
	}
	return strings.Fields(string(output))
}
