package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/report"
)

// program is one run of one command.
type program struct {
	command   string
	root      string // of the repository
	home      string // cluster.Home
	runID     string
	began     time.Time
	settings  settings
	screen    *console
	children  *children
	durations *durations
}

// newRunner reads the settings from the environment. The working directory is the root of the repository.
func newRunner(command string, screen *console, offspring *children) (*program, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, configFile)); err != nil {
		return nil, badInput(fmt.Errorf("run it from the root of the repository: %w", err))
	}
	chosen, err := readSettings(os.Getenv, root)
	if err != nil {
		return nil, badInput(err)
	}
	timeout.Scale(chosen.factor)
	home, err := cluster.Home()
	if err != nil {
		return nil, badInput(err)
	}
	began := time.Now()
	runID := report.NewRunID(began, rand.Text()[:6])
	// Every process that a run starts inherits its mark, whichever package starts it.
	if err := os.Setenv(runVariable, runID); err != nil {
		return nil, err
	}
	return &program{
		command: command, root: root, home: home, began: began, settings: chosen, screen: screen, children: offspring, runID: runID,
		durations: durationsIn(home, chosen.ground()),
	}, nil
}

// locked works while no other run uses the cluster's name, after it ended what a killed run left.
func (r *program) locked(ctx context.Context, work func() error) (err error) {
	lock, killed, err := cluster.Acquire(r.home, r.settings.name(), cluster.Holder{
		PID: os.Getpid(), RunID: r.runID, Command: "e2e " + r.command, Directory: r.root, Started: r.began.UTC(),
	})
	var held cluster.HeldError
	if errors.As(err, &held) {
		return badInput(err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if killed != nil {
		ended, err := endLeftovers(ctx, killed.RunID)
		if err != nil {
			return err
		}
		r.screen.step("run %s ended without cleaning up (%d processes of it ended now)", killed.RunID, ended)
	}
	// What builds leave in the work folder is of no use to another run.
	if err := os.RemoveAll(r.work()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.work())) }()
	return work()
}

// work is the folder of what this run builds for itself.
func (r *program) work() string { return filepath.Join(r.home, r.settings.name()+".work") }

func (r *program) cluster(engine string) *cluster.Cluster {
	return cluster.New(r.home, r.settings.name(), engine, r.say)
}

func (r *program) say(line string) { r.screen.step("%s", line) }

// kindLogs is where the nodes' logs of a run go that was not green.
func (r *program) kindLogs() string {
	return filepath.Join(r.settings.artifacts, report.DiagnosticsDir, "kind")
}

// kubeconfig prints where the kubeconfig of the suite's cluster is.
func (r *program) kubeconfig(ctx context.Context) error {
	engine, err := r.engineThere(ctx)
	if err != nil {
		return badInput(err)
	}
	path, err := r.cluster(engine).Kubeconfig(ctx)
	if err != nil {
		return badInput(err)
	}
	_, err = fmt.Println(path)
	return err
}

// all is `make e2e`.
func (r *program) all(ctx context.Context) error {
	if r.settings.values["CLUSTER"] == "existing" {
		return r.existing(ctx)
	}
	return r.locked(ctx, func() error {
		found, err := r.begin(ctx)
		if err != nil {
			return err
		}
		return r.reported(ctx, func(told *record) error {
			up, err := r.bringUp(ctx, found, told)
			if err != nil {
				return err
			}
			err = r.suite(ctx, up, told)
			if told.suiteEnd != "" && ctx.Err() == nil {
				err = errors.Join(err, r.collectLogs(up.cluster))
			}
			return r.release(ctx, up, r.settings.keep, err)
		})
	})
}

// up is `make e2e-up`.
func (r *program) up(ctx context.Context) error {
	return r.locked(ctx, func() error {
		found, err := r.begin(ctx)
		if err != nil {
			return err
		}
		up, err := r.bringUp(ctx, found, new(record))
		if err != nil {
			return err
		}
		if err := up.cluster.Keep(); err != nil {
			return err
		}
		r.screen.step("cluster %s is up: run the suite with `make e2e-run`, or look with\n          export KUBECONFIG=%s", r.settings.name(), up.handover.Kubeconfig)
		return nil
	})
}

// run is `make e2e-run`.
func (r *program) run(ctx context.Context) error {
	return r.locked(ctx, func() error {
		r.screen.print(r.settings.table(r.command))
		if err := r.checkCases(); err != nil {
			return badInput(err)
		}
		engine, err := r.engineThere(ctx)
		if err != nil {
			return badInput(err)
		}
		if err := r.clearArtifacts(); err != nil {
			return badInput(err)
		}
		up, err := r.resume(ctx, engine)
		if err != nil {
			return badInput(err)
		}
		r.durations.again()
		if !r.settings.selectsSlow() {
			// What such cases change hangs on leases, so the next run can use the cluster though this one be killed.
			if err := up.cluster.Keep(); err != nil {
				return err
			}
		}
		return r.reported(ctx, func(told *record) error {
			told.environment = up.handover.Environment
			err := r.build(ctx)
			if err == nil {
				err = r.suite(ctx, up, told)
			}
			return errors.Join(err, up.cluster.Keep())
		})
	})
}

// onKept has work done in the cluster that `up` left. The cluster can be used again though this process be killed.
func (r *program) onKept(ctx context.Context, work func(broughtUp) error) error {
	return r.locked(ctx, func() error {
		engine, err := r.engineThere(ctx)
		if err != nil {
			return badInput(err)
		}
		up, err := r.resume(ctx, engine)
		if err != nil {
			return badInput(err)
		}
		if err := up.cluster.Keep(); err != nil {
			return err
		}
		return work(up)
	})
}

// down is `make e2e-down`.
func (r *program) down(ctx context.Context) error {
	return r.locked(ctx, func() error {
		engine, err := r.engineThere(ctx)
		if err != nil {
			return badInput(err)
		}
		if err := r.deleteCluster(ctx, r.cluster(engine)); err != nil {
			return refine(err)
		}
		r.screen.step("cluster %s is gone", r.settings.name())
		return nil
	})
}

// release ends the use of the cluster. Kept are a cluster that is to be kept, and after a signal one that an earlier
// run had kept; any other is deleted, with a time limit of its own.
func (r *program) release(ctx context.Context, up broughtUp, keep bool, outcome error) error {
	if (keep && ctx.Err() == nil) || (up.reused && ctx.Err() != nil) {
		r.screen.step("cluster %s stays: look with KUBECONFIG=%s, delete it with `make e2e-down`", r.settings.name(), up.handover.Kubeconfig)
		return errors.Join(outcome, up.cluster.Keep())
	}
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout.ClusterDelete.Duration())
	defer cancel()
	return errors.Join(outcome, r.deleteCluster(cleanup, up.cluster))
}

func (r *program) deleteCluster(ctx context.Context, c *cluster.Cluster) error {
	return r.during(step{name: "delete", says: "deleting cluster " + r.settings.name()}, func() error { return c.Delete(ctx) })
}

// collectLogs takes the nodes' logs of a run that is not green.
func (r *program) collectLogs(c *cluster.Cluster) error {
	return r.during(step{name: "logs", says: "collecting the logs of the nodes"}, func() error { return c.CollectLogs(r.kindLogs()) })
}

// refine makes what a person must put right bad input.
func refine(err error) error {
	var foreign cluster.ForeignError
	if errors.As(err, &foreign) {
		return badInput(err)
	}
	return err
}
