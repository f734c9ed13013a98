package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// commit is what every job is done on.
type commit struct{ repository, id string }

// clone clones it into a folder.
func (c commit) clone(ctx context.Context, folder string) error {
	for _, arguments := range [][]string{
		{"clone", "--quiet", "--no-hardlinks", "--no-checkout", c.repository, folder}, {"-C", folder, "checkout", "--quiet", c.id},
	} {
		if said, err := exec.CommandContext(ctx, "git", arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", arguments[0], err, said)
		}
	}
	return nil
}

// do does a job in a fresh clone of a commit. The clone stays where a step failed.
func do(ctx context.Context, j job, of commit, out io.Writer) (err error) {
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
	if err := of.clone(ctx, clone); err != nil {
		return err
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
	// Whatever a step started ends with it.
	bash.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	bash.Cancel = func() error { return syscall.Kill(-bash.Process.Pid, syscall.SIGINT) }
	bash.Env = append(ofMachine(os.Environ()), "CI=true", "GITHUB_STEP_SUMMARY="+filepath.Join(folder, "summary.md"))
	for name, value := range c.env {
		bash.Env = append(bash.Env, name+"="+value)
	}
	return bash.Run()
}

// machine are the variables that say what this machine is, and not what a run is to do.
var machine = regexp.MustCompile(`^(PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|TERM|XDG_.*|GO.*|DOCKER_.*|PIP_.*|SSL_CERT_.*|(?i:(http|https|no|all)_proxy))=`)

// ofMachine leaves out everything else: a runner knows no setting of this shell, and no make around this command.
func ofMachine(environment []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool { return !machine.MatchString(variable) })
}
