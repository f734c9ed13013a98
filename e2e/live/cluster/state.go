package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Phase is how far a cluster came.
type Phase string

// The phases of a cluster. The state says Creating before the first container exists.
const (
	Creating Phase = "creating"
	Ready    Phase = "ready"
)

// State is the record of one cluster of ours. It is written ahead of the cluster and removed after it.
type State struct {
	ID         string            `json:"id"` // also in the marker inside the cluster
	Name       string            `json:"name"`
	Engine     string            `json:"engine"` // docker or podman
	RunID      string            `json:"runID"`  // the run that made it
	StartedAt  time.Time         `json:"startedAt"`
	Phase      Phase             `json:"phase"`
	Kept       bool              `json:"kept"` // at rest, left for a later run on purpose; false while a run uses it
	Build      Build             `json:"build"`
	Nodes      map[string]Node   `json:"nodes,omitempty"`     // by name
	Kubeconfig string            `json:"kubeconfig"`          // private, 0600
	Handover   string            `json:"handover"`            // a file for what the maker tells later users; it goes with the cluster
	HostPorts  map[string]string `json:"hostPorts,omitempty"` // container port to ADDRESS:PORT on the host
}

// Node is the container of a node, as it was when the cluster became ready.
type Node struct {
	ID        string    `json:"id"`
	StartedAt time.Time `json:"startedAt"` // by the engine's clock
}

// Build is what a cluster was made from. A kept cluster serves a run of the same build only.
type Build struct {
	Lane        string `json:"lane"`
	Kubernetes  string `json:"kubernetes"`
	NodeImageID string `json:"nodeImageID"`
	Istio       string `json:"istio"`      // version and tag
	KindConfig  string `json:"kindConfig"` // sha256 of the file
	Content     string `json:"content"`    // what else its maker puts in for its life
}

// Home is the folder of states, locks and kubeconfigs: istio-mtls-conformance/clusters in the user's cache
// ($XDG_CACHE_HOME, else ~/.cache). It outlives the clone, as a cluster does.
func Home() (string, error) {
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no place for the state of clusters: set XDG_CACHE_HOME or HOME: %w", err)
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "istio-mtls-conformance", "clusters"), nil
}

func statePath(home, name string) string      { return filepath.Join(home, name+".json") }
func kubeconfigPath(home, name string) string { return filepath.Join(home, name+".kubeconfig") }
func handoverPath(home, name string) string   { return filepath.Join(home, name+".handover.json") }

// readState returns nil where there is no state.
func readState(home, name string) (*State, error) {
	path := statePath(home, name)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state of cluster %s: %w", name, err)
	}
	var state State
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, fmt.Errorf("%s is damaged; delete it, and the cluster with `kind delete cluster --name %s` if it is yours: %w", path, name, err)
	}
	return &state, nil
}

// write replaces the file in one step, so that a killed run leaves the old state or the new one.
func (s State) write(home string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.Name, err)
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.Name, err)
	}
	next := statePath(home, s.Name) + ".next"
	if err := os.WriteFile(next, append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.Name, err)
	}
	if err := os.Rename(next, statePath(home, s.Name)); err != nil {
		return fmt.Errorf("writing the state of cluster %s: %w", s.Name, err)
	}
	return nil
}

// removeState removes what the home holds of a cluster, the lock apart.
func removeState(home, name string) error {
	var failed []error
	kubeconfig := kubeconfigPath(home, name)
	for _, path := range []string{handoverPath(home, name), kubeconfig, kubeconfig + ".lock", statePath(home, name)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("removing the state of cluster %s: %w", name, err)
	}
	return nil
}

// differs says why a cluster of one build cannot serve another; empty when it can.
func (b Build) differs(want Build) string {
	for _, part := range []struct{ what, has, wants string }{
		{"lane", b.Lane, want.Lane},
		{"Kubernetes", b.Kubernetes, want.Kubernetes},
		{"Istio", b.Istio, want.Istio},
		{"node image", b.NodeImageID, want.NodeImageID},
		{"kind-config.yaml", b.KindConfig, want.KindConfig},
		{"content", b.Content, want.Content},
	} {
		if part.has != part.wants {
			return fmt.Sprintf("its %s is %s, this run wants %s", part.what, short(part.has), short(part.wants))
		}
	}
	return ""
}

// short keeps enough of a digest to tell two apart by eye.
func short(value string) string {
	const digest = len("sha256:") + 12
	if len(value) > len("sha256:")+60 {
		return value[:digest]
	}
	return value
}
