package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/fixtures"
)

// The NodePorts of fixtures/istio and kind-config.yaml, as cluster.State names them.
const (
	gatewayHTTPPort = "30080"
	gatewayGRPCPort = "30051"
)

// broughtUp is a cluster with mesh and world.
type broughtUp struct {
	cluster  *cluster.Cluster
	reused   bool
	handover mesh.Handover
	file     string // where the suite finds the handover
}

// bringUp provides engine, images, cluster, mesh and world, and builds the suite meanwhile. When it fails, no cluster
// is left, unless KEEP=1 or an earlier run had kept it and a signal came.
func (r *program) bringUp(ctx context.Context, found machine, told *record) (broughtUp, error) {
	on, err := r.provide(ctx, found, told)
	if err != nil {
		return broughtUp{}, err
	}
	return r.bringUpAs(ctx, on, found, told, world{content: mesh.PluggedIn, into: r.meshAndWorld, handOver: func(*mesh.Handover) {}})
}

// world is what a cluster is brought up for.
type world struct {
	content  string // that stays for the cluster's life
	into     func(ctx context.Context, c *cluster.Cluster, state cluster.State, images cluster.Images, agent mesh.AgentImage) error
	handOver func(*mesh.Handover) // completes what the suite is handed
}

// provided is what a cluster is made of.
type provided struct {
	engine string
	images cluster.Images
}

// provide provides engine and images.
func (r *program) provide(ctx context.Context, found machine, told *record) (provided, error) {
	engine, err := r.engine(ctx)
	if err != nil {
		return provided{}, err
	}
	r.screen.step("engine: %s", engine)
	images, err := r.images(ctx, found.images)
	if err != nil {
		return provided{}, err
	}
	told.environment = r.environment(images)
	told.durations.ImagesSeconds = time.Since(r.began).Seconds()
	r.screen.step("lane %s, Kubernetes %s, Istio %s, Envoy %s, profile %s", images.Lane, images.Kubernetes, images.Istio.Version, images.Envoy, images.Profile)
	return provided{engine, images}, nil
}

func (r *program) bringUpAs(ctx context.Context, on provided, found machine, told *record, w world) (broughtUp, error) {
	told.clusterBegan = time.Now()
	up, err := r.clusterAndMesh(ctx, on.engine, found, on.images, told, w)
	told.durations.BringUpSeconds = time.Since(told.clusterBegan).Seconds()
	return up, err
}

func (r *program) clusterAndMesh(ctx context.Context, engine string, found machine, images cluster.Images, told *record, w world) (broughtUp, error) {
	c := r.cluster(engine)
	arch, err := cluster.Arch(ctx, engine, images.NodeImage)
	if err != nil {
		return broughtUp{}, err
	}
	var state cluster.State
	var reused bool
	var agent mesh.AgentImage
	var clusterErr error
	// The cluster mostly waits; what is to be compiled uses the time.
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error {
		clusterErr = r.measured(found.clusterStep(r.settings.name()), func() (typical bool, err error) {
			state, reused, err = c.Up(both, cluster.Want{
				RunID: r.runID, Config: found.config, Images: images, Content: w.content, DiagDir: r.kindLogs(),
			})
			return reused == found.cluster, err
		})
		return clusterErr
	})
	group.Go(func() (err error) {
		if agent, err = r.buildAgent(both, arch); err != nil {
			return err
		}
		return r.build(both)
	})
	err = group.Wait()
	up := broughtUp{cluster: c, reused: reused, handover: r.handover(state, images), file: state.Handover}
	up.handover.Engine, up.handover.Agent = engine, agent.Reference
	if reused {
		r.durations.again()
	}
	if err == nil {
		err = w.into(ctx, c, state, images, agent)
	}
	if err == nil {
		w.handOver(&up.handover)
		err = r.handOver(ctx, &up, told)
	}
	if ctx.Err() != nil {
		// What a stop did to the other steps is no news; a cluster that could not be deleted is.
		err = withCause(ctx, clusterErr)
	}
	if err == nil {
		r.screen.step("mesh and world are up")
		return up, nil
	}
	if state.Name == "" {
		return up, refine(err) // Up left no cluster
	}
	if ctx.Err() == nil {
		err = errors.Join(err, r.collectLogs(c))
	}
	return up, r.release(ctx, up, r.settings.keep, err)
}

// handOver writes what the suite has to know.
func (r *program) handOver(ctx context.Context, up *broughtUp, told *record) error {
	client, err := kube.New(up.handover.Kubeconfig)
	if err != nil {
		return err
	}
	told.environment.Kiali = kialiText(ctx, client)
	up.handover.Environment.Kiali = told.environment.Kiali
	return artifact.WriteJSON(up.file, up.handover)
}

// meshAndWorld installs Istio while the agent's image goes to the nodes, then the world.
func (r *program) meshAndWorld(ctx context.Context, c *cluster.Cluster, state cluster.State, images cluster.Images, agent mesh.AgentImage) error {
	k, err := kube.New(state.Kubeconfig)
	if err != nil {
		return err
	}
	install := mesh.Install{
		Istioctl: mesh.Istioctl{Path: images.Istioctl, Kubeconfig: state.Kubeconfig, Say: r.say}, Hub: images.Istio.Hub, Tag: images.Istio.Tag,
		Profile: images.Profile, Fixtures: fixtures.FS,
	}
	err = r.prepareCluster(ctx, c, k, agent, func(ctx context.Context) error { return install.Run(ctx, k) })
	if err != nil {
		return err
	}
	if err := r.addKiali(ctx, k, images); err != nil {
		return err
	}
	return r.applyWorld(ctx, k, fixtures.FS, agent)
}

func (r *program) applyWorld(ctx context.Context, k *kube.Client, files fs.FS, agent mesh.AgentImage) error {
	return r.during(step{name: "world", says: "applying the world"}, func() error {
		return mesh.ApplyWorld(ctx, k, files, fixture.Own(), agent.Reference, nil, r.say)
	})
}

var loadingAgent = step{name: "load agent", says: "loading the agent's image into the nodes"}

// buildAgent compiles the one program inside the cluster, and makes its image.
func (r *program) buildAgent(ctx context.Context, arch string) (agent mesh.AgentImage, err error) {
	err = r.during(step{name: "agent", says: "compiling the agent", usual: "a minute the first time, seconds after"}, func() error {
		agent, err = mesh.BuildAgent(ctx, arch)
		return err
	})
	return agent, err
}

// prepareCluster puts in what Istio finds at its start, installs it, and gives the nodes the agent's image meanwhile.
func (r *program) prepareCluster(ctx context.Context, c *cluster.Cluster, k *kube.Client, agent mesh.AgentImage, install func(context.Context) error) error {
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := r.during(step{name: "before Istio", says: "giving the cluster its CA and the kinds of the Gateway API"}, func() error {
			// istiod makes a CA of its own when it finds none at its start.
			if err := mesh.PlugIn(both, k, fixture.Own(), nil); err != nil {
				return err
			}
			return r.addGatewayAPI(both, k)
		})
		if err != nil {
			return err
		}
		return r.during(step{name: "istio", says: "installing Istio", usual: "half a minute"}, func() error { return install(both) })
	})
	group.Go(func() error {
		return r.during(loadingAgent, func() error { return c.LoadWritten(both, agent.Write) })
	})
	return group.Wait()
}

// addGatewayAPI gives the cluster the kinds of the Gateway API, which istiod then reads.
func (r *program) addGatewayAPI(ctx context.Context, k *kube.Client) error {
	definitions, err := mesh.GatewayAPI(ctx, filepath.Join(r.root, "scripts", "gateway-api"))
	if err != nil {
		return err
	}
	return k.Apply(ctx, definitions...)
}

// resume takes the cluster that `up` left.
func (r *program) resume(ctx context.Context, engine string) (broughtUp, error) {
	c := r.cluster(engine)
	state, err := c.Kept(ctx)
	if err != nil {
		return broughtUp{}, err
	}
	content, err := os.ReadFile(state.Handover)
	if err != nil {
		return broughtUp{}, fmt.Errorf("cluster %s has no mesh on record, `make e2e-up` brings it up: %w", r.settings.name(), err)
	}
	var left mesh.Handover
	if err := json.Unmarshal(content, &left); err != nil {
		return broughtUp{}, fmt.Errorf("%s: %w", state.Handover, err)
	}
	left.RunID, left.Artifacts = r.runID, r.settings.artifacts
	left.Environment.Settings = r.settings.values
	left.GatewayHTTP, left.GatewayGRPC = state.HostPorts[gatewayHTTPPort], state.HostPorts[gatewayGRPCPort]
	up := broughtUp{cluster: c, reused: true, handover: left, file: state.Handover}
	return up, artifact.WriteJSON(up.file, up.handover)
}

func (r *program) handover(state cluster.State, images cluster.Images) mesh.Handover {
	return mesh.Handover{
		RunID: r.runID, Kubeconfig: state.Kubeconfig, Artifacts: r.settings.artifacts, Placement: fixture.Own(),
		GatewayHTTP: state.HostPorts[gatewayHTTPPort], GatewayGRPC: state.HostPorts[gatewayGRPCPort],
		Environment: r.environment(images), Istioctl: images.Istioctl, Hub: images.Istio.Hub, Tag: images.Istio.Tag,
	}
}

func (r *program) environment(images cluster.Images) report.Environment {
	return report.Environment{
		Istio: images.Istio.Version, IstioCommitDate: images.Istio.Date, Digests: images.Digests, Kubernetes: images.Kubernetes, Envoy: images.Envoy,
		Profile: images.Profile, Lane: images.Lane, Settings: r.settings.values,
		Observers: []hop.Source{hop.Client, hop.Server, hop.Application, hop.Wire, hop.Probe, hop.Stats}, Scanned: fixture.Own().Scanned(),
	}
}
