package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/shard"
)

// readShard reads SHARD and the history that it is planned by.
func (s *settings) readShard(root string) []error {
	if s.values["SHARD"] == "" {
		return nil
	}
	var wrong []error
	refuse := func(name string, why error) {
		wrong = append(wrong, fmt.Errorf("%s=%s: %w", name, s.values[name], why))
	}
	var err error
	if s.shard, err = shard.ParseNumber(s.values["SHARD"]); err != nil {
		refuse("SHARD", err)
	}
	if s.repeat > 1 {
		refuse("REPEAT", errors.New("the rounds are of one cluster: leave out SHARD"))
	}
	file := s.values["HISTORY"]
	if file == "" {
		return wrong
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(root, file)
	}
	lines, err := history.ReadFile(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		refuse("HISTORY", err)
	}
	s.seconds = history.Seconds(lines)
	return wrong
}

// shard plans all shards by a dry run, writes the plan down, and returns the regular expression of the specs of the one that this run is.
func (r *program) shard(ctx context.Context) (focus string, err error) {
	if err := r.dryRun(ctx, r.suiteBinary(), r.work()); err != nil {
		return "", err
	}
	selected, _, err := report.ReadSpecs(os.DirFS(r.work()))
	if err != nil {
		return "", err
	}
	specs := make([]shard.Spec, 0, len(selected))
	for _, spec := range selected {
		specs = append(specs, shard.Spec{Text: spec.Text, Seconds: r.settings.seconds[spec.Name()]})
	}
	plan, err := shard.New(specs, r.settings.shard.Of)
	if err != nil {
		return "", badInput(fmt.Errorf("SHARD: %w", err))
	}
	part := shard.Part{Shard: r.settings.shard, Plan: plan}
	if err := artifact.WriteJSON(filepath.Join(r.settings.artifacts, shard.File), part); err != nil {
		return "", err
	}
	r.screen.step("shard %s: %d of %d specs", part.Shard, len(part.Specs()), len(specs))
	return focusOn(part.Specs()), nil
}

// focusOn is the regular expression of these specs and no others.
func focusOn(specs []shard.Spec) string {
	quoted := make([]string, 0, len(specs))
	for _, spec := range specs {
		quoted = append(quoted, regexp.QuoteMeta(spec.Text))
	}
	return "^(" + strings.Join(quoted, "|") + ")$"
}
