package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"mtls.test/conformance/e2e/pure/upgrade"
)

// steps are the signals that tell of a step of an upgrade, each with the file that says the same.
var steps = map[os.Signal]string{syscall.SIGUSR1: upgrade.NextFile, syscall.SIGUSR2: upgrade.DoneFile}

// watches tells whether the run watches an upgrade that others make.
func (r *program) watches() bool { return r.settings.values["WATCH"] == "1" }

// watched runs the suite while others upgrade Istio. A signal that tells of a step becomes the file of that name.
func (r *program) watched(ctx context.Context, suite func(context.Context) error) error {
	r.settings.values["LABELS"] = watchLabel
	r.screen.step("upgrade Istio step by step once it asks for a step, the namespaces mtls-… too; tell of each by a file in %s, or by a signal:\n"+
		"          %s or kill -USR1 %d: judge the mesh, and go on\n"+
		"          %s or kill -USR2 %d: judge it, and end", r.settings.artifacts, upgrade.NextFile, os.Getpid(), upgrade.DoneFile, os.Getpid())
	arrived := make(chan os.Signal, 1)
	for one := range steps {
		signal.Notify(arrived, one)
	}
	defer signal.Stop(arrived)
	suiteContext, end := context.WithCancel(ctx)
	telling := make(chan error)
	go func() {
		var failed []error
		for {
			select {
			case <-suiteContext.Done():
				telling <- errors.Join(failed...)
				return
			case one := <-arrived:
				if err := os.WriteFile(filepath.Join(r.settings.artifacts, steps[one]), nil, 0o644); err != nil {
					r.screen.fail(err)
					failed = append(failed, fmt.Errorf("%s told of a step: %w", one, err))
				}
			}
		}
	}()
	err := suite(ctx)
	end()
	return errors.Join(err, <-telling)
}
