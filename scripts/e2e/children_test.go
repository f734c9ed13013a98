package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// begin runs a shell script as a child, and returns once it printed its first line.
func begin(ctx context.Context, t *testing.T, c *children, grace time.Duration, script string) (rest *bufio.Reader, ended chan error) {
	t.Helper()
	read, write := io.Pipe()
	command := exec.Command("sh", "-c", script)
	command.Stdout = write
	ended = make(chan error, 1)
	go func() {
		err := c.run(ctx, command, grace)
		_ = write.Close()
		ended <- err
	}()
	rest = bufio.NewReader(read)
	if _, err := rest.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return rest, ended
}

func TestACancelledChildGetsOneInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := interruptedError{syscall.SIGTERM}
	rest, ended := begin(ctx, t, new(children), time.Minute, `trap 'echo interrupted; told=1' INT; echo began; until [ -n "$told" ]; do sleep 0.02; done; sleep 0.1`)
	cancel(cause)
	told, err := io.ReadAll(rest)
	if err != nil || strings.Count(string(told), "interrupted") != 1 {
		t.Errorf("it said %q, %v", told, err)
	}
	if err := <-ended; !errors.Is(err, cause) {
		t.Errorf("run: %v", err)
	}
}

func TestAChildThatIgnoresAnInterruptIsKilled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, ended := begin(ctx, t, new(children), 10*time.Millisecond, `trap '' INT; echo began; sleep 60`)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
}

func TestKillEndsEveryGroupAtOnce(t *testing.T) {
	c := new(children)
	_, ended := begin(t.Context(), t, c, time.Minute, `trap '' INT; echo began; sleep 60`)
	c.kill()
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) {
		t.Errorf("run: %v", err)
	}
}

func TestAChildKeepsItsExitStatus(t *testing.T) {
	err := new(children).run(t.Context(), exec.Command("sh", "-c", "exit 7"), time.Minute)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("run: %v", err)
	}
}

func TestNothingStartsAfterAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interruptedError{syscall.SIGINT})
	command := exec.Command("sh", "-c", "exit 0")
	if err := new(children).run(ctx, command, time.Minute); exitCode(err) != 130 || command.Process != nil {
		t.Errorf("run: %v, process %v", err, command.Process)
	}
}

func TestWhatAChildLeavesBehindHoldsNoRun(t *testing.T) {
	command := exec.Command("sh", "-c", "sleep 60 & echo $!")
	var said strings.Builder
	command.Stdout = &said
	if err := new(children).run(t.Context(), command, 10*time.Millisecond); !errors.Is(err, exec.ErrWaitDelay) || !strings.Contains(err.Error(), "end them") {
		t.Errorf("run: %v", err)
	}
	left, err := strconv.Atoi(strings.TrimSpace(said.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(left, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}
