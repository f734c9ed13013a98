package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// do does a job in a fresh clone of a repository. The clone stays where a step failed.
func do(ctx context.Context, j job, repository string, out io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "ci-local-")
	if err != nil {
		return err
	}
	clone := filepath.Join(folder, "clone")
	defer func() {
		if err != nil {
			fmt.Fprintf(out, "== job %s left %s\n", j.name, clone)
			return
		}
		err = os.RemoveAll(folder)
	}()
	if said, err := exec.CommandContext(ctx, "git", "clone", "--quiet", "--no-hardlinks", repository, clone).CombinedOutput(); err != nil {
		return fmt.Errorf("git clone: %w\n%s", err, said)
	}
	var failed error
	for _, c := range j.steps {
		if failed != nil && !c.always {
			continue
		}
		fmt.Fprintf(out, "== job %s: %s\n", j.name, strings.TrimSpace(c.run))
		began := time.Now()
		err := c.do(ctx, folder, clone, out)
		said := "passed"
		if err != nil {
			said = err.Error()
			failed = errors.Join(failed, fmt.Errorf("%w: %s: %w", errFailed, strings.TrimSpace(c.run), err))
		}
		fmt.Fprintf(out, "== %s, %.0f s\n", said, time.Since(began).Seconds())
	}
	return failed
}

// do runs a step as a runner does, by the shell that it takes where none is named.
func (c command) do(ctx context.Context, folder, clone string, out io.Writer) error {
	script := filepath.Join(folder, "step.sh")
	if err := os.WriteFile(script, []byte(c.run), 0o600); err != nil {
		return err
	}
	bash := exec.CommandContext(ctx, "bash", "-e", script)
	bash.Dir, bash.Stdout, bash.Stderr = clone, out, out
	bash.Cancel = func() error { return bash.Process.Signal(os.Interrupt) }
	bash.Env = append(fresh(os.Environ()), "CI=true", "GITHUB_STEP_SUMMARY="+filepath.Join(folder, "summary.md"))
	for name, value := range c.env {
		bash.Env = append(bash.Env, name+"="+value)
	}
	return bash.Run()
}

// fresh takes out what a make around this command has put in.
func fresh(environment []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}, name)
	})
}
