package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	liveupgrade "mtls.test/conformance/e2e/live/upgrade"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/istioversion"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// versions are what an upgrade goes between.
type versions struct {
	mode upgrade.Mode
	from mesh.Release
	to   mesh.Release
	load func(context.Context, *cluster.Cluster) error // into the nodes, what they lack
}

// upgrade is `make e2e-upgrade`. Its cluster is left by no run for another: what stands in it at the end is not what it began with.
func (r *program) upgrade(ctx context.Context) error {
	if r.settings.shard.Of > 0 {
		return badInput(errors.New("SHARD: the stages of an upgrade are of one cluster"))
	}
	if r.watches() {
		return r.existing(ctx)
	}
	return r.locked(ctx, func() error {
		if err := r.choose(); err != nil {
			return badInput(err)
		}
		found, err := r.begin(ctx)
		if err != nil {
			return err
		}
		return r.reported(ctx, func(told *record) error {
			on, err := r.provide(ctx, found, told)
			if err != nil {
				return err
			}
			between, err := r.between(ctx, on.images)
			if err != nil {
				return err
			}
			up, err := r.bringUpAs(ctx, on, found, told, world{
				content: mesh.PluggedIn + ", for the upgrade of run " + r.runID,
				into: func(ctx context.Context, c *cluster.Cluster, state cluster.State, _ cluster.Images, agent mesh.AgentImage) error {
					return r.oldMesh(ctx, c, state, between, agent)
				},
				handOver: func(handover *mesh.Handover) { r.handUpgradeOver(handover, between) },
			})
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

// choose has the lane provide the version that the upgrade begins with, and the suite run the specs of an upgrade alone.
func (r *program) choose() error {
	if r.settings.values["CLUSTER"] == "existing" {
		return errors.New("CLUSTER=existing: the suite upgrades Istio on a cluster of its own alone; WATCH=1 judges a mesh while you upgrade it")
	}
	for _, side := range []string{"FROM", "TO"} {
		if r.settings.values[side] == "" {
			return fmt.Errorf("%s=: an upgrade is between two versions, as in make e2e-upgrade FROM=1.30 TO=1.31", side)
		}
	}
	if r.settings.values["FROM_ISTIOCTL"] == "" {
		r.settings.values["ISTIO_VERSION"] = r.settings.values["FROM"]
	}
	r.settings.values["LABELS"] = upgradeLabel
	if r.settings.values["MUTANT"] != "" {
		r.settings.values["LABELS"] = wrongUpgradeLabel
	}
	return nil
}

// The labels of the specs of an upgrade, of one that goes wrong on purpose, and of one that others make.
const (
	upgradeLabel      = "stage"
	wrongUpgradeLabel = "wrong-upgrade"
	watchLabel        = "watch"
)

// between provides the second version beside that of the images. It refuses a pair that Istio does not support, before there is a cluster.
func (r *program) between(ctx context.Context, images cluster.Images) (versions, error) {
	mode, err := upgrade.ParseMode(r.settings.values["MODE"])
	if err != nil {
		return versions{}, err
	}
	v := versions{mode: mode, load: func(context.Context, *cluster.Cluster) error { return nil }}
	v.from = releaseOf(images.Profile, images.Istioctl, images.Istio)
	if r.settings.values["FROM_ISTIOCTL"] != "" {
		v.from = r.own("FROM", &v)
	}
	if r.settings.values["TO_ISTIOCTL"] != "" {
		v.to = r.own("TO", &v)
	} else if err := r.provideSecond(ctx, images.Lane, &v); err != nil {
		return versions{}, err
	}
	from, err := istioversion.Parse(v.from.Version, v.from.CommitDate)
	if err != nil {
		return versions{}, badInput(err)
	}
	to, err := istioversion.Parse(v.to.Version, v.to.CommitDate)
	if err != nil {
		return versions{}, badInput(err)
	}
	if err := mode.Supports(from, to); err != nil {
		return versions{}, badInput(err)
	}
	r.screen.step("upgrade %s from Istio %s to %s", mode, v.from.Version, v.to.Version)
	return v, nil
}

// provideSecond has the lane of the first version provide the one to end with.
func (r *program) provideSecond(ctx context.Context, lane string, v *versions) error {
	var manifest string
	err := r.during(step{name: "second version", says: "looking for the images of Istio " + r.settings.values["TO"], usual: "minutes where they are not there"}, func() (err error) {
		manifest, err = r.ask(ctx, r.script(ctx, "images.sh", "--istio", lane, r.settings.values["TO"]))
		return err
	})
	if err != nil {
		return err
	}
	istio, err := cluster.ReadIstio(manifest)
	if err != nil {
		return err
	}
	v.to = releaseOf(istio.Profile, istio.Istioctl, istio.Release)
	v.also(func(ctx context.Context, c *cluster.Cluster) error { return c.LoadIstio(ctx, istio) })
	return nil
}

func releaseOf(profile, istioctl string, istio cluster.IstioRelease) mesh.Release {
	return mesh.Release{Version: istio.Version, CommitDate: istio.Date, Istioctl: istioctl, Hub: istio.Hub, Tag: istio.Tag, Profile: profile}
}

// own is a release that was named by its istioctl, hub and tag. Its proxies are Istio's own.
func (r *program) own(side string, v *versions) mesh.Release {
	named := func(what string) string { return r.settings.values[side+"_"+what] }
	release := mesh.Release{Version: r.settings.values[side], Istioctl: named("ISTIOCTL"), Hub: named("HUB"), Tag: named("TAG"), Profile: fixture.ProfileDefault}
	v.also(func(ctx context.Context, c *cluster.Cluster) error {
		return c.LoadFound(ctx, []string{release.Hub + "/pilot:" + release.Tag, release.Hub + "/proxyv2:" + release.Tag})
	})
	return release
}

func (v *versions) also(load func(context.Context, *cluster.Cluster) error) {
	before := v.load
	v.load = func(ctx context.Context, c *cluster.Cluster) error { return errors.Join(before(ctx, c), load(ctx, c)) }
}

// oldMesh installs the version to begin with, and the world of an upgrade.
func (r *program) oldMesh(ctx context.Context, c *cluster.Cluster, state cluster.State, between versions, agent mesh.AgentImage) error {
	k, err := kube.New(state.Kubeconfig)
	if err != nil {
		return err
	}
	files, err := liveupgrade.Files(between.mode)
	if err != nil {
		return err
	}
	mover := liveupgrade.Mover{
		Kube: k, Kubeconfig: state.Kubeconfig, Mode: between.mode, Files: files, Say: r.say,
		Releases: mesh.Releases{upgrade.From: between.from, upgrade.To: between.to},
	}
	loading, both := errgroup.WithContext(ctx)
	loading.Go(func() error {
		return r.during(step{name: "load second version", says: "loading images of Istio into the nodes"}, func() error { return between.load(both, c) })
	})
	loading.Go(func() error { return r.prepareCluster(both, c, k, agent, mover.Begin) })
	if err := loading.Wait(); err != nil {
		return err
	}
	return r.applyWorld(ctx, k, files, agent)
}

// handUpgradeOver completes what the suite is handed. The placement names the revisions of both versions.
func (r *program) handUpgradeOver(handover *mesh.Handover, between versions) {
	handover.Upgrade = r.askedOfUpgrade()
	handover.Upgrade.Releases = mesh.Releases{upgrade.From: between.from, upgrade.To: between.to}
	handover.Placement = handover.Placement.With(upgrade.Namespaces()...)
	handover.Environment.Istio, handover.Environment.IstioCommitDate = between.from.Version, between.from.CommitDate
	if between.mode.Revisions() {
		handover.Placement.Revision = liveupgrade.Revision(between.mode, between.from)
		handover.Placement.Revisions = []string{liveupgrade.Revision(between.mode, between.to)}
	}
}

// askedOfUpgrade is what the settings ask of an upgrade.
func (r *program) askedOfUpgrade() *mesh.Upgrade {
	values := r.settings.values
	asked := &mesh.Upgrade{
		Mode: upgrade.Mode(values["MODE"]), Focus: values["FOCUS"], Traffic: values["TRAFFIC"], Accept: r.settings.accepted(), Full: values["FULL"] == "1",
		Mutant: values["MUTANT"], Watch: values["WATCH"] == "1",
	}
	if folder := values["POLICIES"]; folder != "" {
		asked.Policies = r.absolute(folder)
	}
	return asked
}

func (r *program) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.root, path)
}
