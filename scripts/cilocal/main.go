// Command cilocal does what a workflow does, on this machine: each `run:` of its jobs, in a fresh clone of what is committed. What a
// runner does by itself (checkout, Go, artifacts) it leaves out; what it does not know it refuses.
//
//	cilocal WORKFLOW
//
// Exit status: 0; 1 where a step failed; 2 bad input.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// The exit statuses.
const (
	exitFailed = 1
	exitInput  = 2
)

// errFailed is of steps that failed; they have said so.
var errFailed = errors.New("not every step passed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cilocal WORKFLOW, such as .github/workflows/pr.yaml")
		os.Exit(exitInput)
	}
	err := work(ctx, os.Args[1])
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	if errors.Is(err, errFailed) {
		os.Exit(exitFailed)
	}
	os.Exit(exitInput)
}

// work does every job of a workflow, also after one that failed.
func work(ctx context.Context, file string) error {
	jobs, err := read(os.DirFS("."), file)
	if err != nil {
		return err
	}
	said, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("git rev-parse HEAD: %w", err)
	}
	of := commit{repository: ".", id: strings.TrimSpace(string(said))}
	var failed []error
	for _, j := range jobs {
		if err := do(ctx, j, of, os.Stdout); err != nil {
			failed = append(failed, fmt.Errorf("job %s: %w", j.name, err))
		}
	}
	return errors.Join(failed...)
}
