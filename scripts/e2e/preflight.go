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

// begin prints the settings, checks everything that can be checked before any work, and empties the artifacts folder.
func (r *program) begin(ctx context.Context) (cluster.Config, error) {
	r.screen.print(r.settings.table(r.command))
	if r.settings.shard.Of > 0 {
		// What a shard that cannot begin left before would be merged for it.
		if err := r.clearArtifacts(); err != nil {
			return cluster.Config{}, badInput(err)
		}
	}
	config, err := r.check(ctx)
	if err != nil {
		return config, err
	}
	if err := r.clearArtifacts(); err != nil {
		return config, badInput(err)
	}
	return config, nil
}

// check changes nothing. Its error names all that is wrong with input and machine.
func (r *program) check(ctx context.Context) (cluster.Config, error) {
	config, configErr := cluster.ReadConfig(filepath.Join(r.root, configFile))
	wrong := []error{r.checkArtifacts(), configErr, r.checkCases()}
	if err := errors.Join(wrong...); err != nil {
		return config, badInput(err)
	}
	need, err := r.imagesNeeded(ctx)
	if err := errors.Join(err, r.checkMachine(ctx, config)); err != nil {
		if ctx.Err() != nil {
			return config, context.Cause(ctx)
		}
		return config, badInput(err)
	}
	if need != "0" {
		r.screen.step("images are not all there: they need %s GB and take a while", need)
	}
	return config, nil
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

// checkMachine looks for an engine, a cluster of our name that is not ours, and the host ports of a new cluster.
func (r *program) checkMachine(ctx context.Context, config cluster.Config) error {
	exists := false
	engine, err := r.engineThere(ctx)
	var bad badInputError
	switch {
	case err == nil:
		if exists, err = r.cluster(engine).Exists(ctx); err != nil {
			return err
		}
	case errors.As(err, &bad) || ctx.Err() != nil:
		return err
	}
	// A cluster of ours holds its ports itself.
	if exists {
		return nil
	}
	return config.CheckHostPorts(ctx)
}
