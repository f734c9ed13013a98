// Command codemutants measures how much the unit tests notice of mistakes in the suite's own code: those of patches.yaml in
// the packages that read Envoy and the wire, and those that a mutation tool makes in the oracle and the verdict.
//
// Exit status: 0 when at least the wanted part is noticed; 1 when not, or when a patch fits nowhere; 2 bad input.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"
)

// wanted is the part of all mistakes that the tests must notice.
const wanted = 0.9

// testLimit bounds the tests of one package under one mistake, which may make them run on.
const testLimit = 2 * time.Minute

//go:embed patches.yaml
var table []byte

// patch is one mistake of the table.
type patch struct {
	File    string `yaml:"file"`
	Is      string `yaml:"is"`
	Becomes string `yaml:"becomes"`
	Mistake string `yaml:"mistake"`
}

// tally counts mistakes, and lists those that nobody noticed.
type tally struct {
	noticed, all int
	untried      int // mistakes in the expression of a case: Go's coverage has no block for it, so the tool takes it for not reached
	survivors    []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	began := time.Now()
	all, err := patches(ctx)
	if err != nil {
		return err
	}
	for _, folder := range []string{"./e2e/intent", "./e2e/verdict"} {
		own, err := mutations(ctx, folder)
		if err != nil {
			return err
		}
		all = append(all, own)
	}
	var sum tally
	for _, one := range all {
		sum.noticed, sum.all, sum.untried = sum.noticed+one.noticed, sum.all+one.all, sum.untried+one.untried
		sum.survivors = append(sum.survivors, one.survivors...)
	}
	for _, survivor := range sum.survivors {
		fmt.Println("survived:", survivor)
	}
	rate := float64(sum.noticed) / float64(sum.all)
	fmt.Printf("%d of %d mistakes noticed, %.1f %%, %d not tried, in %s\n", sum.noticed, sum.all, 100*rate, sum.untried, time.Since(began).Round(time.Second))
	if rate < wanted {
		return fmt.Errorf("want %.0f %%", 100*wanted)
	}
	return nil
}

// patches makes each mistake of the table by itself, and runs the tests of its package.
func patches(ctx context.Context) ([]tally, error) {
	var list []patch
	if err := yaml.Unmarshal(table, &list); err != nil {
		return nil, fmt.Errorf("patches.yaml: %w", err)
	}
	folder, err := os.MkdirTemp("", "codemutants-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	noticed := make([]bool, len(list))
	var done atomic.Int32
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, p := range list {
		group.Go(func() error {
			var err error
			noticed[i], err = p.noticed(ctx, filepath.Join(folder, fmt.Sprint(i)))
			fmt.Fprintf(os.Stderr, "\rpatches: %d of %d", done.Add(1), len(list))
			return err
		})
	}
	err = group.Wait()
	fmt.Fprintln(os.Stderr)
	sum := tally{all: len(list)}
	for i, p := range list {
		if noticed[i] {
			sum.noticed++
			continue
		}
		sum.survivors = append(sum.survivors, fmt.Sprintf("%s: %s", p.File, p.Mistake))
	}
	return []tally{sum}, err
}

// noticed lays the mistake over the file, in a folder of its own, and tells whether the tests of its package fail.
func (p patch) noticed(ctx context.Context, folder string) (bool, error) {
	content, err := os.ReadFile(p.File)
	if err != nil {
		return false, err
	}
	if count := strings.Count(string(content), p.Is); count != 1 {
		return false, fmt.Errorf("patches.yaml: %s has %d times %q, want it once", p.File, count, p.Is)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return false, err
	}
	mistaken, overlay := filepath.Join(folder, "mistaken.go"), filepath.Join(folder, "overlay.json")
	original, err := filepath.Abs(p.File)
	if err != nil {
		return false, err
	}
	over, err := json.Marshal(map[string]any{"Replace": map[string]string{original: mistaken}})
	if err != nil {
		return false, err
	}
	err = errors.Join(
		os.WriteFile(mistaken, []byte(strings.Replace(string(content), p.Is, p.Becomes, 1)), 0o600),
		os.WriteFile(overlay, over, 0o600))
	if err != nil {
		return false, err
	}
	pkg := "./" + filepath.Dir(p.File)
	if output, err := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, pkg).CombinedOutput(); err != nil {
		return false, fmt.Errorf("patches.yaml: %s with %q does not compile: %w\n%s", p.File, p.Becomes, err, output)
	}
	ctx, cancel := context.WithTimeout(ctx, testLimit)
	defer cancel()
	err = exec.CommandContext(ctx, "go", "test", "-vet=off", "-overlay", overlay, pkg).Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return false, err
	}
	return err != nil, nil
}

// mutations has the mutation tool make its mistakes in a folder's package.
func mutations(ctx context.Context, folder string) (tally, error) {
	// The tool copies the module for each of its workers: without what runs leave in it.
	copied, err := os.MkdirTemp("", "codemutants-")
	if err != nil {
		return tally{}, err
	}
	defer func() { _ = os.RemoveAll(copied) }()
	script := `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference --target-directory="$0"`
	if output, err := exec.CommandContext(ctx, "bash", "-c", script, copied).CombinedOutput(); err != nil {
		return tally{}, fmt.Errorf("copying the module: %w\n%s", err, output)
	}
	report, err := os.CreateTemp("", "codemutants-*.json")
	if err != nil {
		return tally{}, err
	}
	defer func() { _ = os.Remove(report.Name()) }()
	if err := report.Close(); err != nil {
		return tally{}, err
	}
	command := exec.CommandContext(ctx, "go", "tool", "-modfile=scripts/tools/gremlins/go.mod", "gremlins", "unleash", "--silent", "--output", report.Name(), folder)
	command.Env = append(os.Environ(), "GOFLAGS=-vet=off -ldflags=-s")
	command.Dir = copied
	command.Stderr = os.Stderr
	fmt.Fprintf(os.Stderr, "mutations of %s\n", folder)
	if err := command.Run(); err != nil {
		return tally{}, fmt.Errorf("gremlins of %s: %w", folder, err)
	}
	content, err := os.ReadFile(report.Name())
	if err != nil {
		return tally{}, err
	}
	return read(content, folder, lineOf)
}

// lineOf returns a line of a file of a folder; empty where there is none.
func lineOf(folder, file string, line int) string {
	content, err := os.ReadFile(filepath.Join(folder, filepath.Base(file)))
	if lines := strings.Split(string(content), "\n"); err == nil && line <= len(lines) {
		return lines[line-1]
	}
	return ""
}

// read reads the mutation tool's report. What no test reaches is not noticed.
func read(content []byte, folder string, lineOf func(folder, file string, line int) string) (tally, error) {
	var told struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []struct {
				Line   int    `json:"line"`
				Column int    `json:"column"`
				Type   string `json:"type"`
				Status string `json:"status"`
			} `json:"mutations"`
		} `json:"files"`
	}
	if err := json.Unmarshal(content, &told); err != nil {
		return tally{}, fmt.Errorf("gremlins' report of %s: %w", folder, err)
	}
	var sum tally
	for _, file := range told.Files {
		for _, m := range file.Mutations {
			sum.all++
			switch m.Status {
			case "KILLED", "TIMED OUT":
				sum.noticed++
			case "NOT VIABLE":
				sum.all--
			case "NOT COVERED":
				if strings.HasPrefix(strings.TrimSpace(lineOf(folder, file.Name, m.Line)), "case ") {
					sum.all--
					sum.untried++
					continue
				}
				sum.survivors = append(sum.survivors, fmt.Sprintf("%s:%d:%d %s, no test reaches it", file.Name, m.Line, m.Column, m.Type))
			default:
				sum.survivors = append(sum.survivors, fmt.Sprintf("%s:%d:%d %s, %s", file.Name, m.Line, m.Column, m.Type, strings.ToLower(m.Status)))
			}
		}
	}
	if sum.all == 0 {
		return tally{}, fmt.Errorf("gremlins made no mistake in %s", folder)
	}
	return sum, nil
}
