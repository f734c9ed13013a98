package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// ForeignError says that a cluster of our name exists and is not ours.
type ForeignError struct {
	Name string
	Why  string
}

// Error names the cluster and both ways out.
func (e ForeignError) Error() string {
	return fmt.Sprintf("a kind cluster named %s exists and is not this suite's (%s): it was not touched. "+
		"Set CLUSTER_NAME to another name, or delete it with `kind delete cluster --name %s`", e.Name, e.Why, e.Name)
}

// owns decides whether containers of our name are ours: their ids are those of the state, or the state says that we
// were creating and they came after its start from its node image. No containers are nobody's. Nil means ours.
func owns(name string, state *State, containers []container) error {
	if len(containers) == 0 {
		return nil
	}
	foreign := func(why string, arguments ...any) error {
		return ForeignError{Name: name, Why: fmt.Sprintf(why, arguments...)}
	}
	if state == nil {
		return foreign("no record of it, nodes %s", strings.Join(names(containers), ", "))
	}
	for _, c := range containers {
		switch {
		case state.Nodes[c.Name].ID == c.ID:
		case state.Phase == Ready:
			return foreign("node %s is not the container that was recorded", c.Name)
		case c.Created.Before(state.StartedAt):
			return foreign("node %s is older than the record", c.Name)
		case c.Node && c.Image != state.Build.NodeImageID:
			return foreign("node %s is of another image than was recorded", c.Name)
		}
	}
	return nil
}

func names(containers []container) []string {
	var all []string
	for _, c := range containers {
		all = append(all, c.Name)
	}
	slices.Sort(all)
	return all
}
