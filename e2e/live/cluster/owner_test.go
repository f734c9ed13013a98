package cluster

import (
	"errors"
	"testing"
	"time"
)

func TestOwns(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	build := Build{NodeImageID: "sha256:image"}
	node := container{ID: "one", Name: "mtls-control-plane", Image: "sha256:image", Created: began.Add(time.Second), Node: true}
	with := func(change func(*container)) []container {
		changed := node
		change(&changed)
		return []container{changed}
	}
	creating := &State{Phase: Creating, StartedAt: began, Build: build}
	ready := &State{Phase: Ready, StartedAt: began, Build: build, Nodes: map[string]Node{node.Name: {ID: node.ID}}}
	for _, test := range []struct {
		name       string
		state      *State
		containers []container
		foreign    bool
	}{
		{"no containers are nobody's", nil, nil, false},
		{"no containers are nobody's, whatever the record says", ready, nil, false},
		{"containers without a record are foreign", nil, []container{node}, true},
		{"the recorded container is ours", ready, []container{node}, false},
		{"another container of the recorded name is foreign", ready, with(func(c *container) { c.ID = "two" }), true},
		{"a container beside the recorded ones is foreign", ready, append(with(func(c *container) { c.Name = "mtls-worker" }), node), true},
		{"a container made after we began is ours", creating, []container{node}, false},
		{"a container older than our record is foreign", creating, with(func(c *container) { c.Created = began.Add(-time.Second) }), true},
		{"a container of another image is foreign", creating, with(func(c *container) { c.Image = "sha256:other" }), true},
		{"kind's load balancer has an image of its own", creating, with(func(c *container) { c.Image, c.Node = "sha256:other", false }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := owns("mtls", test.state, test.containers)
			var foreign ForeignError
			if errors.As(err, &foreign) != test.foreign {
				t.Errorf("owns = %v, want foreign %v", err, test.foreign)
			}
		})
	}
}
