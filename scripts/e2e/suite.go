package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/e2e/report"
)

// Limits of the suite. Ginkgo ends by itself within suiteGrace of an interrupt; suitePatience is when we stop waiting.
const (
	suiteLimit    = "1h"
	suiteGrace    = "1m"
	suitePatience = 90 * time.Second
)

const (
	suitePackage  = "./e2e"
	ginkgoPackage = "github.com/onsi/ginkgo/v2/ginkgo"
)

func (r *runner) suiteBinary() string  { return filepath.Join(r.work(), "e2e.test") }
func (r *runner) ginkgoBinary() string { return filepath.Join(r.work(), "ginkgo") }

// build compiles the suite, and Ginkgo's command line of the version that the suite is built with.
func (r *runner) build(ctx context.Context) error {
	if err := r.compile(ctx, r.suiteBinary()); err != nil {
		return err
	}
	if err := r.golang(ctx, "build", "-o", r.ginkgoBinary(), ginkgoPackage); err != nil {
		return fmt.Errorf("compiling ginkgo: %w", err)
	}
	return nil
}

// compile makes the suite's test binary. `make test` vets it, and without debug information it links in a third of the time.
func (r *runner) compile(ctx context.Context, binary string) error {
	if err := r.golang(ctx, "test", "-c", "-vet=off", "-ldflags=-s -w", "-tags", "e2e", "-o", binary, suitePackage); err != nil {
		return fmt.Errorf("compiling the suite: %w", err)
	}
	return nil
}

func (r *runner) golang(ctx context.Context, arguments ...string) error {
	command := exec.CommandContext(context.WithoutCancel(ctx), "go", arguments...)
	command.Dir = r.root
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	return r.children.run(ctx, command, scriptGrace)
}

// suite runs the cases on a cluster that is up. A red suite is no error: the report says so.
func (r *runner) suite(ctx context.Context, up broughtUp, told *record) error {
	r.screen.step("running the suite")
	began := time.Now()
	defer func() { told.durations.CasesSeconds = time.Since(began).Seconds() }()
	command := exec.CommandContext(context.WithoutCancel(ctx), r.ginkgoBinary(), r.ginkgoArguments()...)
	command.Dir = r.root
	command.Env = append(os.Environ(), mesh.HandoverVariable+"="+up.file)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	err := r.children.run(ctx, command, suitePatience)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		told.suiteEnd = "ginkgo: " + exit.Error()
		return nil
	}
	return err
}

func (r *runner) ginkgoArguments() []string {
	arguments := []string{
		"run", "--fail-on-pending", "--fail-on-empty", "--poll-progress-after=60s",
		"--timeout=" + suiteLimit, "--grace-period=" + suiteGrace,
		"--output-dir=" + r.settings.artifacts, "--json-report=" + report.GinkgoFile,
	}
	if !colourful(os.Stdout) {
		arguments = append(arguments, "--no-color")
	}
	if focus := r.settings.values["FOCUS"]; focus != "" {
		arguments = append(arguments, "--focus="+focus)
	}
	if labels := r.settings.values["LABELS"]; labels != "" {
		arguments = append(arguments, "--label-filter="+labels)
	}
	return append(append(arguments, r.settings.ginkgoArgs...), r.suiteBinary())
}
