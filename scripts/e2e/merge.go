package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/shard"
)

// shardRun is what a shard left in its artifacts folder.
type shardRun struct {
	shard.Ran
	report report.Report // zero of a shard that has not ended
	ginkgo []json.RawMessage
}

// merge is `make e2e-merge`: one report of the shards of a run.
func (r *program) merge(ctx context.Context, folders []string) error {
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
	if err != nil {
		return badInput(err)
	}
	ended, err := onOneGround(shards)
	if err != nil {
		return badInput(err)
	}
	if err := r.clearArtifacts(); err != nil {
		return badInput(err)
	}
	return r.reported(ctx, func(told *record) error {
		var wrong []error
		for _, gap := range gaps {
			wrong = append(wrong, errors.New(gap))
		}
		told.environment.Settings = nil
		if len(ended) > 0 {
			told.environment = ended[0].report.Environment
			delete(told.environment.Settings, "SHARD")
		}
		for _, one := range ended {
			told.durations = told.durations.Longest(one.report.Durations)
			if !one.report.Explained() {
				wrong = append(wrong, fmt.Errorf("shard %s (%s): %s", one.Part.Shard, one.From, one.report.Reason))
			}
		}
		return errors.Join(append(wrong, r.gather(ended))...)
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

// readShard reads what a shard left. One that has not ended has no report.
func readShard(folder string) (shardRun, error) {
	files := os.DirFS(folder)
	one := shardRun{Ran: shard.Ran{From: folder}}
	if err := readJSON(files, shard.File, &one.Part); err != nil {
		return one, fmt.Errorf("%s is no artifacts folder of a run with SHARD: %w", folder, err)
	}
	err := readJSON(files, report.File, &one.report)
	if err == nil {
		err = readJSON(files, report.GinkgoFile, &one.ginkgo)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return one, nil
	}
	if err != nil {
		return one, fmt.Errorf("%s: %w", folder, err)
	}
	one.Ended = true
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

// onOneGround are the shards that ended. Their verdicts are of one run only where they stand on the same.
func onOneGround(shards []shardRun) ([]shardRun, error) {
	var ended []shardRun
	for _, one := range shards {
		if !one.Ended {
			continue
		}
		ended = append(ended, one)
		was, is := history.GroundOf(ended[0].report.Environment, history.Part{}), history.GroundOf(one.report.Environment, history.Part{})
		if changes := was.Changes(is); len(changes) > 0 {
			return nil, fmt.Errorf("%s and %s are not of one run: %s is %q and %q", ended[0].From, one.From, changes[0].What, changes[0].Before, changes[0].After)
		}
	}
	return ended, nil
}

// gather puts what the shards found where a report is folded from.
func (r *program) gather(shards []shardRun) error {
	var suites []json.RawMessage
	for _, one := range shards {
		suites = append(suites, one.ginkgo...)
		for _, name := range []string{report.CasesDir, report.MutantsDir, report.FaultsDir, "diag"} {
			from := filepath.Join(one.From, name)
			if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			to := filepath.Join(r.settings.artifacts, name)
			if name == "diag" { // not by case alone
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
