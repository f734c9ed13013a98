package cluster

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/timeout"
)

// unfit says why our cluster cannot serve a run that wants such a build; empty when it can.
func (c *Cluster) unfit(ctx context.Context, state State, containers []container, want Build) string {
	if reason := atRest(state); reason != "" {
		return reason
	}
	if reason := state.Build.differs(want); reason != "" {
		return reason
	}
	return c.ails(ctx, state, containers)
}

// atRest says why a state is not that of a cluster left for later runs; empty when it is.
func atRest(state State) string {
	switch {
	case state.Phase != Ready:
		return "its run ended while creating it"
	case !state.Kept:
		return "a run that used it ended without giving it back"
	}
	return ""
}

// ails says what is wrong with a running cluster; empty when its nodes run on, it answers, is marked as ours and its
// nodes are ready.
func (c *Cluster) ails(ctx context.Context, state State, containers []container) string {
	if reason := broken(state, containers); reason != "" {
		return reason
	}
	api, err := connect(state.Kubeconfig)
	if err != nil {
		return err.Error()
	}
	if err := api.awaitAnswer(ctx, timeout.NodesRevive.Duration()); err != nil {
		return err.Error()
	}
	if err := api.checkMark(ctx, state); err != nil {
		return err.Error()
	}
	if err := api.awaitNodes(ctx, timeout.NodesRevive.Duration()); err != nil {
		return err.Error()
	}
	return ""
}

// broken says which node is gone or did not run on. The engine starts nodes again by itself after its own restart; such
// a cluster calls its pods ready long before they are, and its nodes may have other addresses.
func broken(state State, containers []container) string {
	if len(containers) != len(state.Nodes) {
		return fmt.Sprintf("it has %d nodes of %d", len(containers), len(state.Nodes))
	}
	for _, c := range containers {
		if !c.Started.Equal(state.Nodes[c.Name].StartedAt) {
			return fmt.Sprintf("its node %s was restarted", c.Name)
		}
	}
	return ""
}

// adopt takes a kept cluster into use.
func (c *Cluster) adopt(state State) (State, error) {
	state.Kept = false
	return state, state.write(c.home)
}
