package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	kind "sigs.k8s.io/kind/pkg/cluster"
	kindexec "sigs.k8s.io/kind/pkg/exec"

	"mtls.test/conformance/e2e/live/timeout"
)

// Cluster is a handle on the kind cluster of one name, whether it exists or not. The caller holds the Lock of the name.
type Cluster struct {
	home     string
	name     string
	engine   string
	progress Progress
	provider *kind.Provider
}

// New returns the handle. home is Home(), engine is docker or podman, progress hears of each step.
func New(home, name, engine string, progress Progress) *Cluster {
	backend := kind.ProviderWithDocker()
	if engine == "podman" {
		backend = kind.ProviderWithPodman()
	}
	return &Cluster{
		home: home, name: name, engine: engine, progress: progress,
		provider: kind.NewProvider(kind.ProviderWithLogger(kindLog{progress}), backend),
	}
}

// Want is what a run asks of its cluster.
type Want struct {
	RunID   string
	Config  Config
	Images  Images
	Content string // what else the run puts in that stays for the cluster's life
	DiagDir string // takes the nodes' logs when creation fails
}

func (w Want) build() Build {
	return Build{
		Lane: w.Images.Lane, Kubernetes: w.Images.Kubernetes, NodeImageID: withAlgorithm(w.Images.NodeImageID),
		Istio: w.Images.Istio.Version + " " + w.Images.Istio.Tag, KindConfig: w.Config.digest(), Content: w.Content,
	}
}

// Exists says whether a cluster of our name is there; a ForeignError when it is not ours.
func (c *Cluster) Exists(ctx context.Context) (bool, error) {
	_, containers, err := c.find(ctx)
	return len(containers) > 0, err
}

// Kept returns the state of a cluster at rest, for a run that makes none of its own.
func (c *Cluster) Kept(ctx context.Context) (State, error) {
	state, containers, err := c.find(ctx)
	if err != nil {
		return State{}, err
	}
	if len(containers) == 0 {
		return State{}, fmt.Errorf("there is no cluster %s: make one with `make e2e-up`", c.name)
	}
	if reason := atRest(*state); reason != "" {
		return State{}, fmt.Errorf("cluster %s cannot be used, %s: `make e2e-up` replaces it", c.name, reason)
	}
	if reason := c.ails(ctx, *state, containers); reason != "" {
		return State{}, fmt.Errorf("cluster %s cannot be used, %s: `make e2e-up` replaces it", c.name, reason)
	}
	return c.adopt(*state)
}

// Kubeconfig returns the path of the cluster's kubeconfig, whoever uses the cluster now.
func (c *Cluster) Kubeconfig(ctx context.Context) (string, error) {
	state, containers, err := c.find(ctx)
	if err != nil {
		return "", err
	}
	if state == nil || len(containers) == 0 {
		return "", fmt.Errorf("there is no cluster %s: make one with `make e2e-up`", c.name)
	}
	return state.Kubeconfig, nil
}

// Up gives a ready cluster: the kept one where it fits, else a new one in its place. The second result says that it
// was kept. On an error or a cancelled ctx it deletes what it made.
func (c *Cluster) Up(ctx context.Context, want Want) (State, bool, error) {
	state, containers, err := c.find(ctx)
	if err != nil {
		return State{}, false, err
	}
	if len(containers) > 0 {
		reason := c.unfit(ctx, *state, containers, want.build())
		if reason == "" {
			adopted, err := c.adopt(*state)
			return adopted, true, err
		}
		if ctx.Err() != nil {
			return State{}, false, context.Cause(ctx)
		}
		c.progress(fmt.Sprintf("replacing cluster %s: %s", c.name, reason))
		if err := c.Delete(ctx); err != nil {
			return State{}, false, err
		}
	}
	made, err := c.create(ctx, want)
	return made, false, err
}

// Keep records that the cluster is at rest and may serve a later run.
func (c *Cluster) Keep() error {
	state, err := readState(c.home, c.name)
	if err != nil {
		return err
	}
	if state == nil || state.Phase != Ready {
		return fmt.Errorf("cluster %s cannot be kept: it is not ready", c.name)
	}
	state.Kept = true
	return state.write(c.home)
}

// Delete ends our cluster and forgets it. Without a cluster it only forgets; a ForeignError leaves all as it is.
func (c *Cluster) Delete(ctx context.Context) error {
	if _, _, err := c.find(ctx); err != nil {
		return err
	}
	// Without an explicit kubeconfig kind would edit the user's.
	if err := c.provider.Delete(c.name, kubeconfigPath(c.home, c.name)); err != nil {
		return fmt.Errorf("deleting cluster %s: %w", c.name, err)
	}
	return removeState(c.home, c.name)
}

// CollectLogs writes the nodes' logs to dir.
func (c *Cluster) CollectLogs(dir string) error {
	if err := c.provider.CollectLogs(c.name, dir); err != nil {
		return fmt.Errorf("collecting the logs of cluster %s: %w", c.name, err)
	}
	return nil
}

// find returns the state and the containers of our name, which are ours where the error is nil.
func (c *Cluster) find(ctx context.Context) (*State, []container, error) {
	state, err := readState(c.home, c.name)
	if err != nil {
		return nil, nil, err
	}
	engine := c.engine
	if state != nil && state.Engine != engine {
		return nil, nil, fmt.Errorf("cluster %s was made with %s and this run uses %s: use %s again, or set CLUSTER_NAME to another name",
			c.name, state.Engine, engine, state.Engine)
	}
	containers, err := listContainers(ctx, engine, c.name)
	if err != nil {
		return nil, nil, err
	}
	return state, containers, owns(c.name, state, containers)
}

func (c *Cluster) create(ctx context.Context, want Want) (State, error) {
	if err := want.Config.CheckHostPorts(ctx); err != nil {
		return State{}, err
	}
	state := State{
		ID: want.RunID + "-" + c.name, Name: c.name, Engine: c.engine, RunID: want.RunID, StartedAt: time.Now().UTC(),
		Phase: Creating, Build: want.build(), Kubeconfig: kubeconfigPath(c.home, c.name),
		Handover: handoverPath(c.home, c.name),
	}
	if err := state.write(c.home); err != nil {
		return State{}, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeout.ClusterCreate.Duration(), fmt.Errorf("cluster %s was not ready within %s", c.name, timeout.ClusterCreate))
	defer cancel()
	err := c.runKind(limited, want)
	if err == nil {
		state, err = c.finish(limited, state, want.Images)
	}
	if err == nil {
		return state, nil
	}
	if limited.Err() != nil {
		err = context.Cause(limited)
	}
	return State{}, errors.Join(fmt.Errorf("creating cluster %s: %w", c.name, err), c.abandon(ctx, err, want.DiagDir))
}

// runKind is kind's Create with a context: when ctx ends it takes the nodes away, so that kind's commands fail.
func (c *Cluster) runKind(ctx context.Context, want Want) error {
	created := make(chan struct{})
	var failed error
	go func() {
		defer close(created)
		failed = c.provider.Create(c.name,
			kind.CreateWithRawConfig(want.Config.raw),
			kind.CreateWithNodeImage(want.Images.NodeImage),
			kind.CreateWithKubeconfigPath(kubeconfigPath(c.home, c.name)),
			kind.CreateWithRetain(true), // so that logs can be collected; abandon deletes
			kind.CreateWithWaitForReady(0),
			kind.CreateWithDisplayUsage(false),
			kind.CreateWithDisplaySalutation(false))
	}()
	select {
	case <-created:
		return failed
	case <-ctx.Done():
	}
	// kind may be about to start a node when the first deletion finds none.
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		if err := c.provider.Delete(c.name, kubeconfigPath(c.home, c.name)); err != nil {
			c.progress(fmt.Sprintf("stopping the creation of cluster %s: %v", c.name, err))
		}
		select {
		case <-created:
			return context.Cause(ctx)
		case <-again.C:
		}
	}
}

// finish makes kind's cluster ours: network, marker, ready nodes, and a state that says so.
func (c *Cluster) finish(ctx context.Context, state State, images Images) (State, error) {
	containers, err := listContainers(ctx, c.engine, c.name)
	if err != nil {
		return state, err
	}
	state.Nodes, state.HostPorts = map[string]Node{}, hostPorts(containers)
	for _, one := range containers {
		state.Nodes[one.Name] = Node{ID: one.ID, StartedAt: one.Started}
	}
	// With the ids on record a stop from here on leaves a cluster that is surely ours.
	if err := state.write(c.home); err != nil {
		return state, err
	}
	api, err := connect(state.Kubeconfig)
	if err != nil {
		return state, err
	}
	if err := api.mark(ctx, state); err != nil {
		return state, err
	}
	if err := c.network(ctx, api, images.CNI); err != nil {
		return state, err
	}
	if err := c.setNodes(ctx); err != nil {
		return state, err
	}
	if err := api.awaitNodes(ctx, timeout.NodesReady.Duration()); err != nil {
		return state, err
	}
	state.Phase = Ready
	if err := state.write(c.home); err != nil {
		return state, err
	}
	return state, c.loadFromEngine(ctx, images.LoadImages)
}

// abandon collects logs of a creation that failed by itself, and deletes what there is of the cluster.
func (c *Cluster) abandon(ctx context.Context, cause error, diagDir string) error {
	var failed error
	if ctx.Err() == nil && diagDir != "" {
		failed = c.describe(cause, diagDir)
	}
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout.ClusterDelete.Duration())
	defer cancel()
	return errors.Join(failed, c.Delete(cleanup))
}

func (c *Cluster) describe(cause error, diagDir string) error {
	c.progress("collecting the logs of the nodes in " + diagDir)
	failed := c.CollectLogs(diagDir)
	// kind's error leaves out what the failed command printed.
	if run := kindexec.RunErrorForError(cause); run != nil {
		path := filepath.Join(diagDir, "failed-command.log")
		output := append([]byte(run.PrettyCommand()+"\n"), run.Output...)
		failed = errors.Join(failed, os.MkdirAll(diagDir, 0o755), os.WriteFile(path, output, 0o644))
	}
	return failed
}

func hostPorts(containers []container) map[string]string {
	ports := map[string]string{}
	for _, one := range containers {
		for inside, outside := range one.Ports {
			ports[inside] = outside
		}
	}
	return ports
}
