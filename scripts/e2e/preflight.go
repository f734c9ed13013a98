package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/fixtures"
)

const configFile = "kind-config.yaml"

// preflight is the command of that name.
func (r *program) preflight(ctx context.Context) error {
	if r.settings.values["CLUSTER"] == "existing" {
		return r.existingPreflight(ctx)
	}
	return r.locked(ctx, func() error {
		r.screen.print(r.settings.table(r.command))
		if _, err := r.check(ctx); err != nil {
			return err
		}
		r.screen.step("input and machine are fit for a run")
		return nil
	})
}

// machine is what a check finds, which decides what a run has to do.
type machine struct {
	config  cluster.Config
	images  bool // are all there
	cluster bool // of ours is there
}

// clusterStep is the making of the cluster, or a look at the one that is there.
func (m machine) clusterStep(name string) step {
	if m.cluster {
		return step{name: "kept cluster", says: "looking whether cluster " + name + " can be used again"}
	}
	return step{name: "cluster", says: "making cluster " + name, usual: "a minute"}
}

// begin prints the settings, checks everything that can be checked before any work, and empties the artifacts folder.
func (r *program) begin(ctx context.Context) (machine, error) {
	r.screen.print(r.settings.table(r.command))
	if r.settings.shard.Of > 0 {
		// What a shard that cannot begin left before would be merged for it.
		if err := r.clearArtifacts(); err != nil {
			return machine{}, badInput(err)
		}
	}
	found, err := r.check(ctx)
	if err != nil {
		return found, err
	}
	if err := r.clearArtifacts(); err != nil {
		return found, badInput(err)
	}
	return found, nil
}

// check changes nothing. Its error names all that is wrong with input and machine.
func (r *program) check(ctx context.Context) (found machine, err error) {
	err = r.during(step{name: "check", says: "checking input and machine"}, func() error {
		found, err = r.look(ctx)
		return err
	})
	return found, err
}

func (r *program) look(ctx context.Context) (found machine, err error) {
	var configErr error
	found.config, configErr = cluster.ReadConfig(filepath.Join(r.root, configFile))
	if err := errors.Join(r.checkArtifacts(), configErr, r.checkCases()); err != nil {
		return found, badInput(err)
	}
	need, needErr := r.imagesNeeded(ctx)
	found.cluster, err = r.checkMachine(ctx, found.config)
	if err := errors.Join(needErr, err); err != nil {
		if ctx.Err() != nil {
			return found, context.Cause(ctx)
		}
		return found, badInput(err)
	}
	if found.images = need == "0"; !found.images {
		r.screen.step("images are not all there: they need %s GB", need)
	}
	return found, nil
}

// checkCases reads every case, as the suite will, and refuses a selection of none.
func (r *program) checkCases() error {
	world, err := fixture.LoadWorld(fixtures.FS)
	if err != nil {
		return fmt.Errorf("fixtures: %w", err)
	}
	cases, err := fixture.Load(fixtures.FS, world)
	if err != nil {
		return err
	}
	files, folder := fixtures.Mutants(r.settings.values["MUTANTS"])
	mutants, err := fixture.LoadMutants(files, folder, world, cases)
	if err != nil {
		return err
	}
	chaos := r.settings.labels([]string{"chaos"})
	if !chaos && !slices.ContainsFunc(append(cases, fixture.DefaultProfile, fixture.StatedVersions), r.settings.selects) && !slices.ContainsFunc(mutants, r.settings.selectsMutant) {
		return fmt.Errorf("FOCUS=%s LABELS=%s selects no case and no mutant: `make outline LABELS=` lists them", r.settings.values["FOCUS"], r.settings.values["LABELS"])
	}
	return nil
}

// checkMachine looks for an engine, a cluster of our name, which is an error where it is not ours, and the host ports of a new
// cluster. It returns whether a cluster of ours is there.
func (r *program) checkMachine(ctx context.Context, config cluster.Config) (exists bool, err error) {
	engine, err := r.engineThere(ctx)
	var bad badInputError
	switch {
	case err == nil:
		if exists, err = r.cluster(engine).Exists(ctx); err != nil {
			return false, err
		}
	case errors.As(err, &bad) || ctx.Err() != nil:
		return false, err
	}
	// A cluster of ours holds its ports itself.
	if exists {
		return true, nil
	}
	return false, config.CheckHostPorts(ctx)
}
