//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/probing"
	"mtls.test/conformance/e2e/live/timeout"
	liveupgrade "mtls.test/conformance/e2e/live/upgrade"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

const (
	baseline = time.Minute     // of traffic without a move
	tail     = 5 * time.Second // of traffic once the moves to a stage are made
)

// upgrading is an upgrade under way.
type upgrading struct {
	plan      []upgrade.Stage
	focus     *regexp.Regexp
	whole     fixture.World // with what the cases do not know
	mover     *liveupgrade.Mover
	session   *probing.Session
	intervals []upgrade.Interval
	judged    []upgrade.Judged
	moments   []liveupgrade.Moment
	stopped   error // why no further move is made
}

func newUpgrading(ctx context.Context, plan []upgrade.Stage) (*upgrading, error) {
	asked := given.Upgrade
	all, err := liveupgrade.Files(asked.Mode)
	if err != nil {
		return nil, err
	}
	u := &upgrading{plan: plan}
	if u.focus, err = regexp.Compile(asked.Focus); err != nil {
		return nil, err
	}
	if u.whole, err = fixture.LoadWorldAt(all, given.Placement); err != nil {
		return nil, err
	}
	u.mover = &liveupgrade.Mover{
		Kube: client, Kubeconfig: given.Kubeconfig, Mesh: mesh.At(client, given.Placement), Mode: asked.Mode, Releases: asked.Releases, Files: all, Say: told,
	}
	if err := u.stand(ctx); err != nil {
		return nil, err
	}
	content, err := fs.ReadFile(fixtures.FS, "upgrade/series.yaml")
	if err != nil {
		return nil, err
	}
	groups, err := upgrade.ReadGroups(content)
	if err != nil {
		return nil, err
	}
	u.session, err = probing.Begin(ctx, probing.Options{
		Kube: client, Mesh: u.mover.Mesh, World: u.whole, Groups: groups, Traffic: asked.Traffic, Run: given.RunID,
	})
	return u, err
}

// stand applies the policies under which the traffic goes on, and waits until every proxy has them.
func (u *upgrading) stand(ctx context.Context) error {
	folders := []fs.FS{}
	own, err := fs.Sub(fixtures.FS, "upgrade/traffic/"+given.Upgrade.Traffic)
	if err != nil {
		return err
	}
	folders = append(folders, own)
	if further := given.Upgrade.Policies; further != "" {
		folders = append(folders, os.DirFS(further))
	}
	for _, folder := range folders {
		if err := liveupgrade.Stand(ctx, client, folder); err != nil {
			return err
		}
	}
	return u.settle(ctx)
}

// settle waits until every proxy holds a stream and has what the API server has, also those that the cases do not know.
func (u *upgrading) settle(ctx context.Context) error {
	places, err := u.mover.Mesh.Locate(ctx, u.whole)
	if err != nil {
		return err
	}
	if err := u.mover.Mesh.AwaitStreams(ctx, places.Proxies()); err != nil {
		return err
	}
	return u.mover.Mesh.Settle(ctx, u.mover.Mesh.Kinds(), places.Proxies(), timeout.Settle.Duration())
}

// reach makes the moves that lead to a stage, under traffic, and judges the mesh there. After a stage that could not be judged none is
// reached.
func (u *upgrading) reach(ctx context.Context, index int) upgrade.Judged {
	stage := u.plan[index]
	judged := upgrade.Judged{Stage: stage.Name, Title: stage.Title, Proxies: []upgrade.Proxy{}, Cases: []upgrade.CaseAt{}}
	if u.stopped != nil {
		judged.Unknown = "not reached: " + u.stopped.Error()
	} else {
		u.stopped = u.moveAndJudge(ctx, index, &judged)
	}
	judged.Conclude()
	u.judged = append(u.judged, judged)
	told(fmt.Sprintf("stage %s: %s: %s (judged in %.0f s)", stage.Name, judged.Result, judged.Reason, judged.Seconds))
	return judged
}

// moveAndJudge returns why no further stage can be reached.
func (u *upgrading) moveAndJudge(ctx context.Context, index int, judged *upgrade.Judged) error {
	var err error
	if judged.Moves, err = u.moveTo(ctx, index); err != nil {
		judged.Failed = err.Error()
		return err
	}
	began := time.Now()
	err = u.judge(ctx, index, judged)
	judged.Seconds = time.Since(began).Seconds()
	switch {
	case errors.As(err, new(mesh.DetachedError)):
		judged.Failed = err.Error()
	case err != nil:
		judged.Unknown = err.Error()
	}
	return err
}

// moveTo makes the moves that lead to a stage, under traffic.
func (u *upgrading) moveTo(ctx context.Context, index int) ([]upgrade.Made, error) {
	stage := u.plan[index]
	made := []upgrade.Made{}
	if err := u.session.Resume(ctx); err != nil {
		return made, err
	}
	interval := upgrade.Interval{Stage: stage.Name, Place: index, Still: stage.Still, From: time.Now()}
	var failed error
	for _, move := range stage.Moves {
		began := time.Now()
		failed = u.mover.Move(ctx, move)
		took := time.Since(began).Seconds()
		made = append(made, upgrade.Made{Move: move, Seconds: took})
		told(fmt.Sprintf("move %s: %.0f s", move, took))
		if failed != nil {
			break
		}
	}
	quiet := tail
	if len(stage.Moves) == 0 {
		quiet = baseline
	}
	if err := lasting(ctx, quiet); err != nil {
		return made, err
	}
	interval.To = time.Now()
	u.intervals = append(u.intervals, interval)
	return made, errors.Join(failed, u.session.Pause(ctx))
}

// lasting waits for a time that is itself measured.
func lasting(ctx context.Context, long time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}

// judge judges the mesh at a stage, while the traffic is paused.
func (u *upgrading) judge(ctx context.Context, index int, judged *upgrade.Judged) error {
	if err := u.settle(ctx); err != nil {
		return err
	}
	moment, err := liveupgrade.Look(ctx, client, u.mover.Mesh)
	if err != nil {
		return err
	}
	u.moments = append(u.moments, moment)
	if index > 0 && u.plan[index].Still {
		judged.Changes = tlsdiff.Compare(u.moments[index-1].Hops, moment.Hops, nil)
	}
	places, err := u.mover.Mesh.Locate(ctx, u.whole)
	if err != nil {
		return err
	}
	if judged.Proxies, judged.Signers, err = u.mover.Mesh.Versions(ctx, places); err != nil {
		return err
	}
	judged.Misplaced = upgrade.After(given.Upgrade.Mode, u.plan, index).Misplaced(judged.Proxies, versionsOf(given.Upgrade), world.Placement.Gateway.Namespace)
	if err := liveupgrade.TryNewPods(ctx, client); err != nil {
		judged.NewPods = err.Error()
	}
	return u.runCases(ctx, index, judged)
}

// runCases runs the cases of a stage, and leaves the mesh as it was.
func (u *upgrading) runCases(ctx context.Context, index int, judged *upgrade.Judged) error {
	stop, err := renewed(ctx, given.RunID)
	if err != nil {
		return err
	}
	defer func() {
		stop()
		caseRunner = nil
	}()
	for _, c := range u.casesAt(index) {
		verdict, err := u.run(ctx, judged.Stage, c)
		if err != nil {
			return err
		}
		judged.Add(verdict)
	}
	if err := caseRunner.End(ctx); err != nil {
		return err
	}
	amend(ctx)
	return u.settle(ctx)
}

// casesAt are the cases of a stage: those of every stage, and all quick ones before and after a full upgrade.
func (u *upgrading) casesAt(index int) []fixture.Case {
	all := given.Upgrade.Full && (index == 0 || index == len(u.plan)-1)
	return slices.DeleteFunc(slices.Clone(cases), func(c fixture.Case) bool {
		slow := slices.Contains(c.Labels, "slow") || slices.Contains(c.Labels, "explore")
		chosen := slices.Contains(c.Labels, fixture.UpgradeLabel) || all && !slow
		return !chosen || !u.focus.MatchString(report.SpecText(c.ID, c.Title))
	})
}

// run runs a case at a stage. Its verdict is the report's under the name of both.
func (u *upgrading) run(ctx context.Context, stage string, c fixture.Case) (verdict.Case, error) {
	judged, evidence := caseRunner.Run(ctx, c)
	judged.ID += "@" + stage
	return judged, keep(filepath.Join(given.Artifacts, report.CasesDir, judged.ID), judged, evidence)
}

// end stops the traffic, and says what the upgrade came to.
func (u *upgrading) end(ctx context.Context) (upgrade.Verdict, error) {
	came := upgrade.Verdict{Mode: given.Upgrade.Mode, Versions: versionsOf(given.Upgrade), Stages: u.judged}
	if err := u.session.End(ctx); err != nil {
		return came, err
	}
	if len(u.moments) == 0 {
		return came, fmt.Errorf("no upgrade was begun: %w", u.stopped)
	}
	expected, err := tlsdiff.LoadExpected(fixtures.FS)
	if err != nil {
		return came, err
	}
	came.Changes = tlsdiff.Compare(u.moments[0].Hops, u.moments[len(u.moments)-1].Hops, expected)
	came.Unused = tlsdiff.Accept(came.Changes, given.Upgrade.Accept)
	if came.Traffic, err = upgrade.NewTraffic(given.Upgrade.Mode, given.Upgrade.Traffic, u.session.Streams(), u.session.Flags(), u.intervals[0], u.intervals[1:]); err != nil {
		return came, err
	}
	var plaintext []map[upgrade.Hop]bool
	for _, moment := range u.moments {
		plaintext = append(plaintext, moment.Plaintext)
	}
	seen, own, gaps := u.session.Clear(ctx)
	came.Traffic.Clear = upgrade.Clear{Own: own, Gaps: gaps}
	came.Traffic.Clear.Copies, came.Traffic.Clear.ByRule = upgrade.Explain(seen, u.intervals, plaintext)
	came.Conclude()
	return came, nil
}

func versionsOf(asked *mesh.Upgrade) upgrade.Versions {
	versions := upgrade.Versions{}
	for side, release := range asked.Releases {
		versions[side] = release.Version
	}
	return versions
}

// told prints a line of progress at once.
func told(line string) { _, _ = fmt.Fprintln(os.Stderr, "  "+strings.TrimSpace(line)) }
