package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/shard"
)

// shardRun is what a shard left in its artifacts folder.
type shardRun struct {
	shard.Ran
	report report.Report // zero of a shard that wrote none
	ginkgo []json.RawMessage
}

// merge is `make e2e-merge`: one report of the shards of a run.
func (r *program) merge(ctx context.Context, folders []string) error {
	if len(folders) == 0 {
		return badInput(errors.New("FROM=: name the artifacts folders of all shards, as in make e2e-merge FROM='one two three' ARTIFACTS=merged"))
	}
	if err := errors.Join(r.checkArtifacts(), r.apart(folders)); err != nil {
		return badInput(err)
	}
	var shards []shardRun
	var ran []shard.Ran
	for _, folder := range folders {
		one, err := readShard(folder)
		if err != nil {
			return badInput(err)
		}
		shards, ran = append(shards, one), append(ran, one.Ran)
	}
	gaps, err := shard.Gather(ran)
	if err == nil {
		err = onOneGround(shards)
	}
	if err == nil {
		err = r.clearArtifacts()
	}
	if err != nil {
		return badInput(err)
	}
	return r.reported(ctx, func(told *record) error {
		var wrong []error
		for _, gap := range gaps {
			wrong = append(wrong, errors.New(gap))
		}
		for _, one := range shards {
			if !one.Ended {
				continue
			}
			if told.environment.Istio == "" {
				told.environment = one.report.Environment
				delete(told.environment.Settings, "SHARD")
			}
			told.durations = told.durations.Longest(one.report.Durations)
			if one.report.Cause != "" {
				wrong = append(wrong, fmt.Errorf("shard %s (%s): %s", one.Part.Shard, one.From, one.report.Cause))
			}
		}
		return errors.Join(append(wrong, r.gather(shards))...)
	})
}

// apart refuses shards inside of the folder that the merged report goes to, and the other way round.
func (r *program) apart(folders []string) error {
	for _, folder := range folders {
		at, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		for _, pair := range [][2]string{{at, r.settings.artifacts}, {r.settings.artifacts, at}} {
			if inside, err := filepath.Rel(pair[0], pair[1]); err == nil && filepath.IsLocal(inside) {
				return fmt.Errorf("%s: the merged report goes to ARTIFACTS=%s, which is emptied first: name another folder", folder, r.settings.artifacts)
			}
		}
	}
	return nil
}

// readShard reads what a shard left. One that was killed has no report, one whose cluster did not come up no plan.
func readShard(folder string) (shardRun, error) {
	files := os.DirFS(folder)
	one := shardRun{Ran: shard.Ran{From: folder}}
	one.Ended = true
	content, err := fs.ReadFile(files, report.File)
	if err == nil {
		one.report, err = report.Decode(content)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		one.Ended = false
	case err != nil:
		return one, fmt.Errorf("%s: %w", filepath.Join(folder, report.File), err)
	}
	err = readJSON(files, shard.File, &one.Part)
	if errors.Is(err, fs.ErrNotExist) && one.Ended {
		one.Part.Shard, err = shard.ParseNumber(one.report.Environment.Settings["SHARD"])
	}
	if err != nil {
		return one, fmt.Errorf("%s is no artifacts folder of a run with SHARD: %w", folder, err)
	}
	err = readJSON(files, report.GinkgoFile, &one.ginkgo)
	if errors.Is(err, fs.ErrNotExist) {
		return one, nil
	}
	if err != nil {
		return one, fmt.Errorf("%s: %w", folder, err)
	}
	specs, _, err := report.ReadSpecs(files)
	if err != nil {
		return one, fmt.Errorf("%s: %w", folder, err)
	}
	for _, spec := range specs {
		one.Texts = append(one.Texts, spec.Text)
	}
	return one, nil
}

func readJSON(files fs.FS, name string, into any) error {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// onOneGround refuses shards that do not stand on the same: their verdicts are of one run only where they do.
func onOneGround(shards []shardRun) error {
	ended := slices.DeleteFunc(slices.Clone(shards), func(one shardRun) bool { return !one.Ended || len(one.Part.Plan) == 0 })
	for _, one := range ended {
		was, is := ended[0].report.Environment, one.report.Environment
		for _, name := range history.SettingsApart(was.Settings, is.Settings) {
			return fmt.Errorf("%s and %s are not of one run: %s is %q and %q", ended[0].From, one.From, name, was.Settings[name], is.Settings[name])
		}
		for _, change := range history.GroundOf(was, history.Part{}).Changes(history.GroundOf(is, history.Part{})) {
			return fmt.Errorf("%s and %s are not of one run: %s is %q and %q", ended[0].From, one.From, change.What, change.Before, change.After)
		}
	}
	return nil
}

// gather puts what the shards found where a report is folded from.
func (r *program) gather(shards []shardRun) error {
	var suites []json.RawMessage
	for _, one := range shards {
		suites = append(suites, one.ginkgo...)
		for _, name := range []string{report.CasesDir, report.MutantsDir, report.FaultsDir, report.DiagnosticsDir} {
			from := filepath.Join(one.From, name)
			if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			to := filepath.Join(r.settings.artifacts, name)
			if name == report.DiagnosticsDir { // not by case alone
				to = filepath.Join(to, "shard-"+strings.ReplaceAll(one.Part.Shard.String(), "/", "-of-"))
			}
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				return fmt.Errorf("%s: %w", one.From, err)
			}
		}
	}
	if len(suites) == 0 {
		return nil
	}
	return artifact.WriteJSON(filepath.Join(r.settings.artifacts, report.GinkgoFile), suites)
}
