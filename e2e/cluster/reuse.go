package cluster

import (
	"context"
	"fmt"
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

// ails says what is wrong with a running cluster; empty when it answers, is marked as ours and its nodes are ready.
// After a restart of the engine the nodes are back by themselves, perhaps with other addresses: health decides.
func (c *Cluster) ails(ctx context.Context, state State, containers []container) string {
	if len(containers) != len(state.Containers) {
		return fmt.Sprintf("it has %d nodes of %d", len(containers), len(state.Containers))
	}
	api, err := connect(state.Kubeconfig)
	if err != nil {
		return err.Error()
	}
	if err := api.awaitAnswer(ctx, reviveLimit); err != nil {
		return err.Error()
	}
	if err := api.checkMark(ctx, state); err != nil {
		return err.Error()
	}
	if err := api.awaitNodes(ctx, reviveLimit); err != nil {
		return err.Error()
	}
	return ""
}

// adopt takes a kept cluster into use. Routes are set again, for they do not survive a restart of a node.
func (c *Cluster) adopt(ctx context.Context, state State, containers []container) (State, error) {
	api, err := connect(state.Kubeconfig)
	if err != nil {
		return State{}, err
	}
	if err := c.network(ctx, api, state.CNI); err != nil {
		return State{}, err
	}
	state.Kept, state.HostPorts = false, hostPorts(containers)
	return state, state.write(c.home)
}
