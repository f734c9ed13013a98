package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/cluster/constants"
)

// Labels that kind puts on the containers of a cluster: the cluster's name, and the part that a container plays in it.
const (
	clusterLabel = "io.x-k8s.kind.cluster"
	roleLabel    = "io.x-k8s.kind.role"
)

// container is one node as the engine knows it.
type container struct {
	ID      string
	Name    string
	Image   string // sha256:...
	Created time.Time
	Started time.Time
	Node    bool              // false for the load balancer that kind puts before several control planes
	Ports   map[string]string // container port to ADDRESS:PORT on the host
}

// listContainers asks the engine for the nodes of the cluster of that name, running or not.
func listContainers(ctx context.Context, engine, name string) ([]container, error) {
	ids, err := engineOutput(ctx, engine, "ps", "--all", "--no-trunc", "--quiet", "--filter", "label="+clusterLabel+"="+name)
	if err != nil {
		return nil, fmt.Errorf("listing the nodes of cluster %s: %w", name, err)
	}
	if len(bytes.TrimSpace(ids)) == 0 {
		return nil, nil
	}
	described, err := engineOutput(ctx, engine, append([]string{"inspect"}, strings.Fields(string(ids))...)...)
	if err != nil {
		return nil, fmt.Errorf("inspecting the nodes of cluster %s: %w", name, err)
	}
	return parseContainers(described)
}

func engineOutput(ctx context.Context, engine string, arguments ...string) ([]byte, error) {
	output, err := exec.CommandContext(ctx, engine, arguments...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("%s %s: %w: %s", engine, arguments[0], err, bytes.TrimSpace(exit.Stderr))
	}
	return output, err
}

// parseContainers reads what `docker inspect` and `podman inspect` print.
func parseContainers(described []byte) ([]container, error) {
	var raw []struct {
		ID              string `json:"Id"`
		Name            string
		Image           string
		Created         time.Time
		State           struct{ StartedAt time.Time }
		Config          struct{ Labels map[string]string }
		NetworkSettings struct {
			Ports map[string][]struct{ HostIP, HostPort string }
		}
	}
	if err := json.Unmarshal(described, &raw); err != nil {
		return nil, fmt.Errorf("reading the engine's description of containers: %w", err)
	}
	containers := make([]container, 0, len(raw))
	for _, r := range raw {
		c := container{
			ID: r.ID, Name: strings.TrimPrefix(r.Name, "/"), Image: withAlgorithm(r.Image),
			Created: r.Created, Started: r.State.StartedAt, Node: r.Config.Labels[roleLabel] != constants.ExternalLoadBalancerNodeRoleValue, Ports: map[string]string{},
		}
		for port, bindings := range r.NetworkSettings.Ports {
			if len(bindings) > 0 {
				c.Ports[strings.TrimSuffix(port, "/tcp")] = net.JoinHostPort(bindings[0].HostIP, bindings[0].HostPort)
			}
		}
		containers = append(containers, c)
	}
	return containers, nil
}

// withAlgorithm spells an image id as docker does; podman leaves the algorithm out.
func withAlgorithm(id string) string { return "sha256:" + strings.TrimPrefix(id, "sha256:") }
