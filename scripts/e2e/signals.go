package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interruptible returns a context that ends with the first SIGINT or SIGTERM, its cause an interruptedError. The second
// one calls kill and ends the process at once.
func interruptible(parent context.Context, screen *console, kill func()) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	arrived := make(chan os.Signal, 2)
	signal.Notify(arrived, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		first, open := <-arrived
		if !open {
			return
		}
		stopped := interruptedError{first.(syscall.Signal)}
		cancel(stopped) // before it is said: nobody may be reading what we print
		go screen.step("%s: cleaning up; a second signal stops at once", stopped)
		if _, open := <-arrived; !open {
			return
		}
		kill()
		screen.step("stopped at once: the next run ends what is left")
		screen.close()
		os.Exit(stopped.code())
	}()
	return ctx, func() {
		signal.Stop(arrived)
		close(arrived)
		cancel(nil)
	}
}
