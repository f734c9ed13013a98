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

	"mtls.test/conformance/e2e/live/existing"
	"mtls.test/conformance/e2e/live/kube"
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
	baseline         = time.Minute      // of traffic without a move
	baselineOfMutant = 15 * time.Second // of an upgrade that goes wrong on purpose
	tail             = 5 * time.Second  // of traffic once the moves to a stage are made
	drained          = 50 * time.Second // of it where connections drain; longer than drainDuration (fixtures/upgrade/world/istio/production.yaml)
)

// upgrading is an upgrade under way.
type upgrading struct {
	plan      []upgrade.Stage
	chosen    func(fixture.Case) bool // of the cases of each stage
	saboteur  *liveupgrade.Saboteur   // nil of an upgrade that is to go right
	whole     fixture.World           // with what the cases do not know
	files     fs.FS                   // the fixtures with that, as they are for the cluster
	mesh      *mesh.Mesh
	mover     *liveupgrade.Mover    // nil where others upgrade Istio
	operator  *liveupgrade.Operator // who does then
	done      bool                  // they told of their last step
	now       mesh.Handover         // given, as the mesh is at the stage
	session   *probing.Session
	lease     *liveupgrade.Lease // nil of traffic without one, and before it begins
	intervals []upgrade.Interval
	judged    []upgrade.Judged
	moments   []liveupgrade.Moment
	stopped   error // why no further move is made
}

func newUpgrading(ctx context.Context) (*upgrading, error) {
	asked := given.Upgrade
	u := &upgrading{mesh: mesh.At(client, given.Placement)}
	all, err := u.planned(asked)
	if err != nil {
		return nil, err
	}
	place := given.Placement
	place.ByIntent = "policies stand while Istio is upgraded"
	if u.whole, err = fixture.LoadWorldAt(all, place); err != nil {
		return nil, err
	}
	u.files = fixture.Move(all, place)
	focus, err := regexp.Compile(asked.Focus)
	if err != nil {
		return nil, err
	}
	u.chosen = func(c fixture.Case) bool {
		return slices.Contains(c.Labels, fixture.UpgradeLabel) && focus.MatchString(report.SpecText(c.ID, c.Title))
	}
	if asked.Mutant != "" {
		if err := u.goWrong(asked.Mutant); err != nil {
			return nil, err
		}
	}
	if err := u.stand(ctx); err != nil {
		return nil, err
	}
	groups, err := u.groups()
	if err != nil {
		return nil, err
	}
	u.session, err = probing.Begin(ctx, probing.Options{
		Kube: client, Mesh: u.mesh, World: u.whole, Groups: groups, Traffic: asked.Traffic, Run: given.RunID,
	})
	return u, err
}

// planned says which stages there are: all of them, or the first where others upgrade Istio. It returns the fixtures.
func (u *upgrading) planned(asked *mesh.Upgrade) (fs.FS, error) {
	if asked.Watch {
		u.plan, u.operator = []upgrade.Stage{upgrade.Baseline()}, &liveupgrade.Operator{Folder: given.Artifacts}
		return liveupgrade.WatchedFiles()
	}
	all, err := liveupgrade.Files(asked.Mode)
	u.plan = upgrade.Plan(asked.Mode, asked.Traffic)
	u.mover = &liveupgrade.Mover{
		Kube: client, Kubeconfig: given.Kubeconfig, Mesh: u.mesh, Mode: asked.Mode, Releases: asked.Releases, Files: all, Say: told,
	}
	return all, err
}

// goWrong has the upgrade be one that goes wrong on purpose.
func (u *upgrading) goWrong(id string) error {
	mutant, err := upgrade.ReadMutant(fixtures.FS, id)
	if err != nil {
		return err
	}
	u.plan = mutant.Plan()
	u.chosen = func(c fixture.Case) bool { return slices.Contains(mutant.Cases, c.ID) }
	u.saboteur = &liveupgrade.Saboteur{Mover: u.mover, Mutant: mutant, Files: fixtures.FS, Agent: given.Agent}
	return u.saboteur.Prepare()
}

// groups are the series that go on.
func (u *upgrading) groups() ([]upgrade.Group, error) {
	var files fs.FS = fixtures.FS
	name := "upgrade/series.yaml"
	if u.saboteur != nil && u.saboteur.Mutant.SeriesFile() != "" {
		var err error
		if files, err = u.saboteur.Mutant.Folder(files); err != nil {
			return nil, err
		}
		name = u.saboteur.Mutant.SeriesFile()
	}
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	return upgrade.ReadGroups(content)
}

// stand applies the policies under which the traffic goes on, and waits until every proxy has them.
func (u *upgrading) stand(ctx context.Context) error {
	if err := eachFolder(ctx, append(ofTraffic(), "upgrade/world/policies"), liveupgrade.Stand); err != nil {
		return err
	}
	if further := given.Upgrade.Policies; further != "" {
		if err := liveupgrade.Stand(ctx, client, fixture.Move(os.DirFS(further), given.Placement)); err != nil {
			return err
		}
	}
	if u.saboteur != nil {
		if err := u.saboteur.Before(ctx, ""); err != nil {
			return err
		}
	}
	return u.settle(ctx)
}

// settle waits until every proxy holds a stream and has what the API server has, also those that the cases do not know.
func (u *upgrading) settle(ctx context.Context) error {
	places, err := u.mesh.Locate(ctx, u.whole)
	if err != nil {
		return err
	}
	if err := u.mesh.AwaitStreams(ctx, places.Proxies()); err != nil {
		return err
	}
	_, err = u.mesh.Settle(ctx, u.mesh.Kinds(), places.Proxies(), timeout.Settle.Duration())
	return err
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
	if last := len(u.moments) - 1; last >= 0 && last < index {
		u.moments = append(u.moments, u.moments[last]) // of a stage that was not looked at, what was known last
	}
	told(fmt.Sprintf("stage %s: %s: %s (judged in %.0f s)", stage.Name, judged.Result, judged.Reason, judged.Seconds))
	return judged
}

// moveAndJudge returns why no further stage can be reached.
func (u *upgrading) moveAndJudge(ctx context.Context, index int, judged *upgrade.Judged) error {
	var err error
	judged.Moves, err = u.moveTo(ctx, index)
	judged.Title = u.plan[index].Title
	switch {
	case errors.Is(err, liveupgrade.ErrEarly), u.mover == nil && ctx.Err() != nil:
		judged.Unknown = err.Error()
		return err
	case err != nil:
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
	if u.saboteur != nil {
		if err := u.saboteur.Before(ctx, stage.Name); err != nil {
			return made, err
		}
	}
	if err := u.session.Resume(ctx); err != nil {
		return made, err
	}
	interval := upgrade.Interval{Stage: stage.Name, Place: index, From: time.Now()}
	var failed error
	for _, move := range stage.Moves {
		began := time.Now()
		failed = u.move(ctx, move)
		took := time.Since(began).Seconds()
		made = append(made, upgrade.Made{Move: move, From: began.UTC(), Seconds: took})
		told(fmt.Sprintf("move %s: %.0f s", move, took))
		if failed != nil {
			break
		}
	}
	if failed == nil {
		failed = u.drained(ctx, stage.Moves)
	}
	failed = errors.Join(failed, lasting(ctx, u.after(stage)))
	interval.To = time.Now()
	u.intervals = append(u.intervals, interval)
	return made, errors.Join(failed, u.session.Pause(ctx))
}

// after is how long traffic goes on once the moves to a stage are made.
func (u *upgrading) after(stage upgrade.Stage) time.Duration {
	switch {
	case stage.Drains:
		return drained
	case len(stage.Moves) > 0:
		return tail
	case u.saboteur != nil:
		return baselineOfMutant
	}
	return baseline
}

// move makes one move, or begins or ends the lease.
func (u *upgrading) move(ctx context.Context, move upgrade.Move) (err error) {
	switch move.Act {
	case upgrade.LeaseBegins:
		u.lease, err = liveupgrade.BeginLease(ctx, client, given.RunID, u.settle)
		return err
	case upgrade.LeaseEnds:
		return u.lease.End(ctx)
	case upgrade.Operator:
		return u.await(ctx)
	}
	return u.mover.Move(ctx, move)
}

// await waits until others have made a step.
func (u *upgrading) await(ctx context.Context) error {
	next, done := filepath.Join(given.Artifacts, upgrade.NextFile), filepath.Join(given.Artifacts, upgrade.DoneFile)
	what, last, err := u.operator.Await(ctx, func() {
		told(fmt.Sprintf("waiting for a step of the upgrade: echo WHAT >%s has the mesh judged after it, and echo WHAT >%s after the last one", next, done))
	})
	index := len(u.plan) - 1
	u.plan[index], u.done = upgrade.Step(index, what), last
	return err
}

// drained waits until what was replaced has drained and ended.
func (u *upgrading) drained(ctx context.Context, moves []upgrade.Move) error {
	if u.mover != nil {
		return u.mover.Drained(ctx, moves)
	}
	return liveupgrade.AtRest(ctx, client, given.Placement)
}

// quietFolder has what keeps the logs of the series' proxies short.
const quietFolder = "upgrade/world/quiet"

// ofTraffic are the folders of what stands for the series alone: the policies under which they go on. The logs of another's mesh stay as
// they are.
func ofTraffic() []string {
	folders := []string{"upgrade/traffic/" + given.Upgrade.Traffic}
	if given.Placement.Existing {
		return folders
	}
	return append(folders, quietFolder)
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
	if err := u.look(ctx, index, judged); err != nil {
		return err
	}
	tried := u.tryNewPods(ctx)
	if judged.WithoutCases = u.saboteur != nil && index != 0; judged.WithoutCases {
		judged.NewPods = tried()
		return nil
	}
	return u.runCases(ctx, index, judged, tried)
}

// tryNewPods begins to make new pods, and returns what waits until they are made and gone: why one could not be made; empty where all
// could. No hop is looked at meanwhile, for a new pod would be a client more.
func (u *upgrading) tryNewPods(ctx context.Context) func() string {
	told("making new pods")
	tried := make(chan error, 1)
	go func() { tried <- liveupgrade.TryNewPods(ctx, client, given.Placement) }()
	return func() string {
		if err := <-tried; err != nil {
			return err.Error()
		}
		return ""
	}
}

// look reads how hops are secured, and what every proxy is and has.
func (u *upgrading) look(ctx context.Context, index int, judged *upgrade.Judged) error {
	told("reading how every hop is secured")
	moment, err := liveupgrade.Look(ctx, client, u.mesh, given.Placement)
	if err != nil {
		return err
	}
	u.moments = append(u.moments, moment)
	places, err := u.mesh.Locate(ctx, u.whole)
	if err != nil {
		return err
	}
	told("asking every proxy for its version, certificate and istiod")
	if judged.Proxies, judged.Signers, err = u.mesh.Versions(ctx, places); err != nil {
		return err
	}
	u.now = asAt(judged.Proxies)
	if u.mover == nil {
		u.describe(index, judged.Proxies)
	} else {
		judged.Misplaced = upgrade.After(given.Upgrade.Mode, u.plan, index).Misplaced(judged.Proxies, given.Upgrade.Releases.Versions(), world.Placement.Gateway.Namespace)
	}
	if index > 0 && u.plan[index].Still {
		judged.Changes = tlsdiff.Compare(u.moments[index-1].Hops, moment.Hops, nil)
	}
	return nil
}

// asAt is what was handed over, with the Istio that all proxies have their configuration from. While there are two, the cases are such as
// hold for both.
func asAt(proxies []upgrade.Proxy) mesh.Handover {
	now := given
	version, one := upgrade.IstiodVersion(proxies)
	if !one {
		return now
	}
	now.Environment.Istio, now.Environment.IstioCommitDate = version, ""
	for _, release := range given.Upgrade.Releases {
		if release.Version == version {
			now.Environment.IstioCommitDate = release.CommitDate
		}
	}
	return now
}

// describe says of a stage that others led to what a plan would have said: whether proxies moved, and whether those of two versions stand.
// A proxy that follows a control plane in place of another has moved.
func (u *upgrading) describe(index int, proxies []upgrade.Proxy) {
	if index > 0 {
		u.plan[index].Still = upgrade.Stood(u.judged[index-1].Proxies, proxies)
	}
	u.plan[index].Pairs = upgrade.Paired(proxies)
}

// runCases runs the cases of a stage once new pods were tried, and leaves the mesh as it was.
func (u *upgrading) runCases(ctx context.Context, index int, judged *upgrade.Judged, tried func() string) error {
	chosen, err := u.casesAt(index)
	if err != nil {
		judged.NewPods = tried()
		return err
	}
	stop, err := u.observe(ctx, files, world)
	judged.NewPods = tried()
	if err != nil {
		return err
	}
	err = u.runAll(ctx, judged, chosen)
	stop()
	if err != nil || !u.plan[index].Pairs {
		return err
	}
	return u.withoutTraffic(ctx, func() error { return u.runPairs(ctx, judged) })
}

// runPairs runs the cases that the world of the upgrade has beside those of the base, in that world.
func (u *upgrading) runPairs(ctx context.Context, judged *upgrade.Judged) error {
	all, err := fixture.Load(u.files, u.whole)
	if err != nil {
		return err
	}
	stop, err := u.observe(ctx, u.files, u.whole)
	if err != nil {
		return err
	}
	defer stop()
	return u.runAll(ctx, judged, slices.DeleteFunc(all, func(c fixture.Case) bool { return !slices.Contains(c.Labels, "four-pairs") }))
}

// withoutTraffic does something while every proxy logs all requests, and no policy of the traffic refuses the taps' control.
func (u *upgrading) withoutTraffic(ctx context.Context, do func() error) error {
	if err := eachFolder(ctx, ofTraffic(), liveupgrade.Withdraw); err != nil {
		return err
	}
	return errors.Join(do(), eachFolder(ctx, ofTraffic(), liveupgrade.Stand), u.settle(ctx))
}

// eachFolder does something with the policies of each folder of the fixtures.
func eachFolder(ctx context.Context, names []string, do func(context.Context, *kube.Client, fs.FS) error) error {
	for _, name := range names {
		folder, err := fs.Sub(fixture.Move(fixtures.FS, given.Placement), name)
		if err != nil {
			return err
		}
		if err := do(ctx, client, folder); err != nil {
			return err
		}
	}
	return nil
}

// observe readies the observers of a world, until what it returns is called.
func (u *upgrading) observe(ctx context.Context, files fs.FS, world fixture.World) (stop func(), err error) {
	told("readying the observers")
	unfollow, err := renewedIn(ctx, u.now, given.RunID, files, world)
	return func() {
		unfollow()
		caseRunner = nil
	}, err
}

// runAll runs cases by the observers that are ready.
func (u *upgrading) runAll(ctx context.Context, judged *upgrade.Judged, chosen []fixture.Case) error {
	told(fmt.Sprintf("running %d cases", len(chosen)))
	for _, c := range chosen {
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

// casesAt are the cases of a stage that can be played there: those of every stage, and all quick ones before and after a full upgrade.
func (u *upgrading) casesAt(index int) ([]fixture.Case, error) {
	last := index == len(u.plan)-1 && (u.mover != nil || u.done)
	all := given.Upgrade.Full && (index == 0 || last)
	var chosen []fixture.Case
	for _, c := range cases {
		if asked := u.chosen(c) || all && quick(c); !asked {
			continue
		}
		needs, err := existing.Needs(files, world, c)
		if err != nil {
			return nil, err
		}
		if len(needs) == 0 {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

// quick tells whether a case is one of a full upgrade. What states a default of Istio's is not: an upgrade's mesh is set otherwise.
func quick(c fixture.Case) bool {
	return !slices.ContainsFunc([]string{"slow", "explore", fixture.DefaultsLabel}, func(label string) bool { return slices.Contains(c.Labels, label) })
}

// run runs a case at a stage. Its verdict is the report's under the name of both.
func (u *upgrading) run(ctx context.Context, stage string, c fixture.Case) (verdict.Case, error) {
	judged, evidence := caseRunner.Run(ctx, c)
	judged.ID += "@" + stage
	return judged, keep(filepath.Join(given.Artifacts, report.CasesDir, judged.ID), judged, evidence)
}

// end stops the traffic, and says what the upgrade came to.
func (u *upgrading) end(ctx context.Context) (upgrade.Verdict, error) {
	came := upgrade.Verdict{Mode: given.Upgrade.Mode, Watched: given.Upgrade.Watch, Versions: u.versions(), Stages: u.judged}
	for i := range u.intervals {
		u.intervals[i].Still = u.plan[u.intervals[i].Place].Still
	}
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
	if came.Traffic, err = upgrade.NewTraffic(given.Upgrade.Mode, given.Upgrade.Watch, given.Upgrade.Traffic, u.session.Streams(), u.session.Flags(), u.intervals[0], u.intervals[1:]); err != nil {
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
	if u.saboteur != nil {
		came.Against(u.saboteur.Mutant, u.mover.Names())
	}
	return came, nil
}

// versions are those that were asked for, or that were found where others made the upgrade.
func (u *upgrading) versions() upgrade.Versions {
	if u.mover == nil {
		return upgrade.Between(u.judged)
	}
	return given.Upgrade.Releases.Versions()
}

// told prints a line of progress at once, with the time since the suite began.
func told(line string) {
	_, _ = fmt.Fprintf(os.Stderr, "%7.1fs  %s\n", time.Since(suiteBegan).Seconds(), strings.TrimSpace(line))
}

// suiteBegan is when the process of the suite did.
var suiteBegan = time.Now()
