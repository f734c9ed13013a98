package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// runVariable marks every process of a run but the engine, so that the next run finds what a killed one left.
const runVariable = "MTLS_RUN_ID"

// children are the process groups that this run started and that have not ended.
type children struct {
	mutex  sync.Mutex
	groups map[int]bool
}

// run starts a command in a process group of its own, so that a terminal's Ctrl-C does not reach it beside our own
// signal, and waits for it and for all that is printed. When ctx ends, the group gets exactly one SIGINT, and SIGKILL once grace is over.
func (c *children) run(ctx context.Context, command *exec.Cmd, grace time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.WaitDelay = grace // for what the child leaves behind with its output open
	if err := command.Start(); err != nil {
		return err
	}
	group := command.Process.Pid
	c.add(group)
	defer c.remove(group)
	ended := make(chan struct{})
	var failed error
	go func() {
		defer close(ended)
		failed = command.Wait()
		if errors.Is(failed, exec.ErrWaitDelay) {
			failed = fmt.Errorf("%s has ended, and processes that it left keep its output open: end them: %w", command.Path, failed)
		}
	}()
	select {
	case <-ended:
		return failed
	case <-ctx.Done():
	}
	_ = syscall.Kill(-group, syscall.SIGINT) // it may just have ended
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
		_ = syscall.Kill(-group, syscall.SIGKILL)
		<-ended
	}
	return context.Cause(ctx)
}

// kill ends every group at once.
func (c *children) kill() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for group := range c.groups {
		_ = syscall.Kill(-group, syscall.SIGKILL) // it may just have ended
	}
}

func (c *children) add(group int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.groups == nil {
		c.groups = map[int]bool{}
	}
	c.groups[group] = true
}

func (c *children) remove(group int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.groups, group)
}
