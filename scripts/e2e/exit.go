package main

import (
	"context"
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNotGreen says that the suite ran and its report, which was printed, is not PASS.
var errNotGreen = errors.New("not green")

// badInputError is what a person must put right before a run makes sense: exit 2.
type badInputError struct{ error }

func (e badInputError) Unwrap() error { return e.error }

func badInput(err error) error { return badInputError{err} }

// interruptedError ends a run that a signal stopped: exit 128 and the signal's number.
type interruptedError struct{ signal syscall.Signal }

func (e interruptedError) Error() string { return "stopped by " + unix.SignalName(e.signal) }

func (e interruptedError) code() int { return 128 + int(e.signal) }

func exitCode(err error) int {
	var interrupted interruptedError
	var bad badInputError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &interrupted):
		return interrupted.code()
	case errors.As(err, &bad):
		return 2
	}
	return 1
}

// withCause adds what ended ctx to an error that does not speak of it; such an error may be all that a stopped helper
// had to say.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return errors.Join(cause, err)
}
