package main

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestLeftoversAreEndedByTheirRun(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc here")
	}
	killed, killedEnded := sleeper(t, "test-killed")
	_, otherEnded := sleeper(t, "test-killed-2")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	count, err := endLeftovers(ctx, "test-killed")
	if err != nil || count != 1 {
		t.Errorf("endLeftovers = %d, %v", count, err)
	}
	select {
	case <-killedEnded:
	case <-ctx.Done():
		t.Errorf("process %d of the killed run goes on", killed.Pid)
	}
	select {
	case <-otherEnded:
		t.Error("a process of another run was ended")
	default:
	}
}

// sleeper starts a process that is marked as one of a run.
func sleeper(t *testing.T, runID string) (*os.Process, <-chan struct{}) {
	t.Helper()
	command := exec.Command("sleep", "60")
	command.Env = append(os.Environ(), runVariable+"="+runID)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait()
	}()
	t.Cleanup(func() { _ = command.Process.Kill() })
	return command.Process, ended
}
