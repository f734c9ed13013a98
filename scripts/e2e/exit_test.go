package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

func TestExitCode(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want int
	}{
		{"green", nil, 0},
		{"not green", errNotGreen, 1},
		{"a failure", errors.New("x"), 1},
		{"bad input, however wrapped", fmt.Errorf("x: %w", badInput(errors.New("y"))), 2},
		{"Ctrl-C", interruptedError{syscall.SIGINT}, 130},
		{"SIGTERM, and a clean-up that failed", errors.Join(errors.New("x"), interruptedError{syscall.SIGTERM}), 143},
		{"a signal while input was found bad", errors.Join(interruptedError{syscall.SIGINT}, badInput(errors.New("y"))), 130},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestWrongArgumentsAreBadInput(t *testing.T) {
	for _, arguments := range [][]string{{"al"}, {"all", "x"}, {"up", "--fast"}} {
		if got := execute(arguments); got != 2 {
			t.Errorf("e2e %v ends with %d", arguments, got)
		}
	}
}

func TestTheCauseOfAStopIsToldOnce(t *testing.T) {
	stopped := interruptedError{syscall.SIGTERM}
	ctx, cancel := context.WithCancelCause(t.Context())
	if err := withCause(ctx, nil); err != nil {
		t.Errorf("a run that goes on: %v", err)
	}
	cancel(stopped)
	for _, err := range []error{nil, stopped, fmt.Errorf("creating: %w", stopped), errors.New("signal: killed")} {
		told := withCause(ctx, err)
		if exitCode(told) != 143 || strings.Count(told.Error(), "stopped by SIGTERM") != 1 {
			t.Errorf("withCause(%v) = %v", err, told)
		}
	}
}
