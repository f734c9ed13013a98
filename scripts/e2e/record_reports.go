package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/restage"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/replay"
	"mtls.test/conformance/fixtures"
)

// reports is the folder of the public reports.
const reports = "fixtures/reports"

// recordReports is `make record-reports`: it puts each public report whose id has FOCUS in it into the cluster that `up` left,
// and records it.
func (r *program) recordReports(ctx context.Context) error {
	return r.onKept(ctx, func(up broughtUp) error {
		stage, err := r.stage(up.handover)
		if err != nil {
			return err
		}
		all, err := replay.Load(stage.Folder)
		if err != nil {
			return badInput(err)
		}
		if err := stage.Up(ctx); err != nil {
			return withCause(ctx, err)
		}
		err = r.recordEach(ctx, stage, up.handover, all)
		return errors.Join(err, stage.Down(context.WithoutCancel(ctx)))
	})
}

func (r *program) stage(given mesh.Handover) (*restage.Stage, error) {
	client, err := kube.New(given.Kubeconfig)
	if err != nil {
		return nil, err
	}
	asked := mesh.New(client)
	return &restage.Stage{
		Kube: client, Mesh: asked, Taps: observe.NewTaps(client, asked, fixture.TapNamespace),
		Policies: policy.New(client, fixtures.FS, r.runID), Folder: os.DirFS(filepath.Join(r.root, reports)), Image: given.Agent, RunID: r.runID,
	}, nil
}

// recordEach records the reports. What packets showed otherwise than a report expects is recorded as it is, and makes the run not
// green.
func (r *program) recordEach(ctx context.Context, stage *restage.Stage, given mesh.Handover, all []replay.Report) error {
	var differing []string
	for _, report := range all {
		if !strings.Contains(report.ID, r.settings.values["FOCUS"]) {
			continue
		}
		files, err := stage.Record(ctx, report)
		if err != nil {
			return withCause(ctx, err)
		}
		if err := searched(ctx, given, files); err != nil {
			return err
		}
		folder := filepath.Join(r.root, reports, report.ID)
		if err := os.RemoveAll(filepath.Join(folder, replay.Proxies)); err != nil {
			return err
		}
		if err := write(folder, files); err != nil {
			return err
		}
		seen, err := replay.ReadSeen(stage.Folder, report.ID)
		if err != nil {
			return err
		}
		r.screen.step("%s: recorded", report.ID)
		for _, row := range report.Expect {
			i := slices.IndexFunc(seen, func(s replay.Seen) bool { return s.Of(row) })
			if i < 0 || seen[i].Wire != row.Shows() {
				differing = append(differing, report.ID)
				r.screen.step("  %s: want %s, packets show %+v", row, row.Shows(), seen[max(i, 0)])
			}
		}
	}
	if len(differing) > 0 {
		r.screen.step("packets show otherwise than expected: %s", strings.Join(slices.Compact(differing), ", "))
		return errNotGreen
	}
	return nil
}
