package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/report"
)

const (
	suitePackage  = "./e2e"
	ginkgoPackage = "github.com/onsi/ginkgo/v2/ginkgo"
)

func (r *program) suiteBinary() string  { return filepath.Join(r.work(), "e2e.test") }
func (r *program) ginkgoBinary() string { return filepath.Join(r.work(), "ginkgo") }

// build compiles the suite, and Ginkgo's command line of the version that the suite is built with.
func (r *program) build(ctx context.Context) error {
	if err := r.compile(ctx, r.suiteBinary()); err != nil {
		return err
	}
	err := r.during(step{name: "ginkgo", says: "compiling ginkgo"}, func() error {
		return r.golang(ctx, "build", "-o", r.ginkgoBinary(), ginkgoPackage)
	})
	if err != nil {
		return fmt.Errorf("compiling ginkgo: %w", err)
	}
	return nil
}

// compile makes the suite's test binary. `make test` vets it, and without debug information it links in a third of the time.
func (r *program) compile(ctx context.Context, binary string) error {
	err := r.during(step{name: "suite", says: "compiling the suite", usual: "half a minute the first time, seconds after"}, func() error {
		return r.golang(ctx, "test", "-c", "-vet=off", "-ldflags=-s -w", "-tags", "e2e", "-o", binary, suitePackage)
	})
	if err != nil {
		return fmt.Errorf("compiling the suite: %w", err)
	}
	return nil
}

func (r *program) golang(ctx context.Context, arguments ...string) error {
	command := exec.CommandContext(context.WithoutCancel(ctx), "go", arguments...)
	command.Dir = r.root
	said, end := r.screen.messages()
	defer end()
	command.Stdout, command.Stderr = said, said
	return r.children.run(ctx, command, timeout.ScriptGrace.Duration())
}

// suite runs the cases on a cluster that is up, in as many rounds as asked. A red suite is no error: the report says so.
func (r *program) suite(ctx context.Context, up broughtUp, told *record) error {
	began := time.Now()
	defer func() { told.durations.CasesSeconds = time.Since(began).Seconds() }()
	focus, err := r.focus(ctx)
	if err != nil {
		return err
	}
	var rounds []map[string]report.Case
	for round := range r.settings.repeat {
		if round > 0 {
			if err := r.putAside(round); err != nil {
				return err
			}
		}
		r.screen.step("running the suite%s", r.roundName(round))
		if err := r.round(ctx, up, told, focus); err != nil {
			return err
		}
		verdicts, err := report.ReadVerdicts(os.DirFS(r.settings.artifacts))
		if err != nil {
			return err
		}
		rounds = append(rounds, verdicts)
	}
	if len(rounds) > 1 {
		repeat := report.Compare(rounds)
		told.repeat = &repeat
	}
	return nil
}

func (r *program) roundName(round int) string {
	if r.settings.repeat == 1 {
		return ""
	}
	return fmt.Sprintf(", round %d of %d", round+1, r.settings.repeat)
}

// putAside moves what a round left to a folder of its own, so that the next one does not write over its evidence.
func (r *program) putAside(round int) error {
	folder := filepath.Join(r.settings.artifacts, roundsDir, strconv.Itoa(round))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range []string{report.CasesDir, report.GinkgoFile, report.DiagnosticsDir} {
		err := os.Rename(filepath.Join(r.settings.artifacts, name), filepath.Join(folder, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// roundsDir holds what the rounds before the last left.
const roundsDir = "rounds"

func (r *program) round(ctx context.Context, up broughtUp, told *record, focus string) error {
	command := exec.CommandContext(context.WithoutCancel(ctx), r.ginkgoBinary(), r.ginkgoArguments(focus)...)
	command.Dir = r.root
	command.Env = append(os.Environ(), r.suiteVariables(up.file)...)
	var end func()
	command.Stdout, command.Stderr, end = r.screen.passages()
	err := r.following(func() error { return r.children.run(ctx, command, timeout.SuiteEnd.Duration()) })
	end()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		told.suiteEnd = "ginkgo: " + exit.Error()
		return nil
	}
	return err
}

// suiteVariables are what the process of the suite is told beside its arguments.
func (r *program) suiteVariables(handover string) []string {
	variables := []string{mesh.HandoverVariable + "=" + handover, mesh.ProgressVariable + "=" + r.progressFile()}
	for _, name := range []string{"MUTANTS", timeout.Variable} {
		variables = append(variables, name+"="+r.settings.values[name])
	}
	if r.command == upgradeCommand {
		variables = append(variables, mesh.UpgradeVariable+"="+r.settings.values["MODE"]+"/"+r.settings.values["TRAFFIC"])
	}
	return variables
}

// focus is the regular expression of the specs to run: FOCUS, or what it selects for the shard. Of an upgrade the suite selects.
func (r *program) focus(ctx context.Context) (string, error) {
	switch {
	case r.command == upgradeCommand:
		return "", nil
	case r.settings.shard.Of > 0:
		return r.shard(ctx)
	}
	return r.settings.values["FOCUS"], nil
}

func (r *program) ginkgoArguments(focus string) []string {
	arguments := []string{
		"run", "--fail-on-pending", "--fail-on-empty", "--poll-progress-after=60s",
		"--timeout=" + timeout.Suite.String(), "--grace-period=" + timeout.SuiteGrace.String(),
		"--output-dir=" + r.settings.artifacts, "--json-report=" + report.GinkgoFile,
	}
	if !colourful(os.Stdout) {
		arguments = append(arguments, "--no-color")
	}
	if r.screen.lively() {
		arguments = append(arguments, "--silence-skips") // the live line counts them
	}
	if focus != "" {
		arguments = append(arguments, "--focus="+focus)
	}
	if labels := r.settings.values["LABELS"]; labels != "" {
		arguments = append(arguments, "--label-filter="+labels)
	}
	return append(append(arguments, r.settings.ginkgoArgs...), r.suiteBinary())
}
