// Command pulltest tries lane pull against a registry of its own on 127.0.0.1, which goes wrong in each way that a registry can.
// It gives the registry lane source's images under the names that lane pull asks for, copies the checkout with Dockerfiles that
// name what was pushed, runs the copy's scripts/images.sh, and looks at its exit status, its message and what it leaves.
//
//	pulltest
//
// KUBERNETES_VERSION and ISTIO_VERSION choose among the versions of lane source. END_TO_END=1 has it make a cluster of the pulled
// images at the end, and run the suite on it: FOCUS, LABELS and TIMEOUT_FACTOR are those of `make e2e`.
//
// Exit status: 0 when each trial is ok; 1 when one is not; 2 when this machine has no Docker.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"mtls.test/conformance/e2e/live/timeout"
)

// errNotOK says that a trial was not ok, and its line which.
var errNotOK = errors.New("not every trial is ok")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := os.Getwd()
	if err := errors.Join(err, timeout.FromEnvironment()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	switch err := run(ctx, root); {
	case errors.Is(err, errNoDocker):
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run makes the registry and the copy, goes through the trials, and removes what it made.
func run(ctx context.Context, root string) (failed error) {
	if err := wantDocker(ctx, root); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "mtls-pulltest-")
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, os.RemoveAll(scratch)) }()
	served, err := newRegistry(ctx, filepath.Join(scratch, "blobs"))
	if err != nil {
		return err
	}
	// Also after an interrupt.
	defer func() { failed = errors.Join(failed, forget(context.WithoutCancel(ctx), served.address)) }()
	given, err := supply(ctx, root, served)
	if err != nil {
		return fmt.Errorf("giving the registry lane source's images: %w", err)
	}
	copied := checkout{root: root, path: filepath.Join(scratch, "checkout"), cache: filepath.Join(scratch, "cache")}
	if err := copied.make(ctx, given); err != nil {
		return fmt.Errorf("copying the checkout: %w", err)
	}
	e := exercise{served: served, copied: copied, given: given}
	if err := e.all(ctx); err != nil || os.Getenv("END_TO_END") != "1" {
		return err
	}
	return copied.endToEnd(ctx, served.address, given)
}
