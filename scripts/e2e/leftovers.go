package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"mtls.test/conformance/e2e/live/timeout"
)

// endLeftovers kills the processes that a run left when it was killed itself, and waits until they are gone. They are
// known by the run's id in their environment. It finds none where there is no /proc.
func endLeftovers(ctx context.Context, runID string) (ended int, err error) {
	mark := []byte(runVariable + "=" + runID)
	ctx, cancel := context.WithTimeout(ctx, timeout.Leftovers.Duration())
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	seen := map[int]bool{}
	for {
		left := marked(mark)
		if len(left) == 0 {
			return len(seen), nil
		}
		for _, pid := range left {
			seen[pid] = true
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended, or be another user's
		}
		select {
		case <-ctx.Done():
			return len(seen), fmt.Errorf("processes %v of run %s, which was killed, do not end: end them and try again", left, runID)
		case <-again.C:
		}
	}
}

// marked lists the processes with that entry in their environment. One that ended and awaits its parent has none.
func marked(entry []byte) []int {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	var found []int
	for _, file := range files {
		environment, err := os.ReadFile(file)
		if err != nil || !slices.ContainsFunc(bytes.Split(environment, []byte{0}), func(e []byte) bool { return bytes.Equal(e, entry) }) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			found = append(found, pid)
		}
	}
	return found
}
