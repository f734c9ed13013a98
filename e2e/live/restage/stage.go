// Package restage puts the public reports of fixtures/reports into a cluster, one after the other, and records of each what tls-check
// reads of a cluster and what packets show of its requests.
package restage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/pure/replay"
)

// Stage is a cluster of the suite's own in which reports are put. It is for one report at a time.
type Stage struct {
	Kube     *kube.Client
	Mesh     *mesh.Mesh
	Taps     *observe.Taps
	Policies *policy.Policies
	Folder   fs.FS  // fixtures/reports
	Image    string // of the agent
	RunID    string

	requests int // sent so far: each has an id of its own
}

// Record puts a report into the cluster, records it and takes it out again. It returns the files of the report's folder, by their
// paths in it.
func (s *Stage) Record(ctx context.Context, report replay.Report) (map[string][]byte, error) {
	files, err := s.record(ctx, report)
	if err = errors.Join(err, s.clear(context.WithoutCancel(ctx), report)); err != nil {
		return nil, fmt.Errorf("report %s: %w", report.ID, err)
	}
	return files, nil
}

func (s *Stage) record(ctx context.Context, report replay.Report) (map[string][]byte, error) {
	objects, err := s.decode(ctx, path.Join(report.ID, replay.ObjectsFile))
	if err != nil {
		return nil, err
	}
	if err := s.apply(ctx, objects); err != nil {
		return nil, err
	}
	pods, err := s.pods(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := s.send(ctx, report, pods)
	if err != nil {
		return nil, err
	}
	return s.read(ctx, objects, pods, seen)
}
