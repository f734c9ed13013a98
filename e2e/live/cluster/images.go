// Package cluster makes, adopts and deletes the suite's own kind cluster. A state file, written ahead of the
// cluster, and a marker inside it say what is ours; nothing else is touched. Only the suite and its runner import it.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"mtls.test/conformance/e2e/pure/istioversion"
)

// Images is images.json: what an image lane made ready for one run.
type Images struct {
	Lane        string       `json:"lane"`        // pull or source
	Profile     string       `json:"profile"`     // default or vanilla
	Kubernetes  string       `json:"kubernetes"`  // v1.36.3
	NodeImage   string       `json:"nodeImage"`   // reference in the engine
	NodeImageID string       `json:"nodeImageID"` // sha256:...
	CNI         string       `json:"cni"`         // ptp where the node image brings no network of its own, else empty
	Istio       IstioRelease `json:"istio"`
	Envoy       string       `json:"envoy"`      // 1.39.3
	Istioctl    string       `json:"istioctl"`   // absolute path on this machine
	LoadImages  []string     `json:"loadImages"` // references in the engine that the nodes lack
	// Digests are those of the images that lane pull took, sha256:..., by the reference that was pulled. A tag may move; they tell
	// what a run was made of. Empty in lane source.
	Digests map[string]string `json:"digests"`
}

// IstioRelease says which Istio was built or pulled. Module, Commit and Date are empty in lane pull.
type IstioRelease struct {
	Version string `json:"version"`
	Module  string `json:"module"`
	Commit  string `json:"commit"`
	Date    string `json:"date"` // of the commit, YYYY-MM-DD
	Hub     string `json:"hub"`
	Tag     string `json:"tag"`
}

// ReadImages reads a lane's manifest and refuses one that lacks what a cluster needs.
func ReadImages(path string) (Images, error) {
	var images Images
	if err := readManifest(path, &images); err != nil {
		return Images{}, err
	}
	if err := images.check(); err != nil {
		return Images{}, fmt.Errorf("%s: %w", path, err)
	}
	return images, nil
}

// readManifest reads what images.sh wrote.
func readManifest(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the lane's manifest: %w", err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (i Images) check() error {
	var lacking []error
	for _, field := range []struct{ name, value string }{
		{"lane", i.Lane}, {"profile", i.Profile}, {"kubernetes", i.Kubernetes}, {"nodeImage", i.NodeImage},
		{"nodeImageID", i.NodeImageID}, {"istio.version", i.Istio.Version}, {"istio.hub", i.Istio.Hub},
		{"istio.tag", i.Istio.Tag}, {"istioctl", i.Istioctl},
	} {
		if field.value == "" {
			lacking = append(lacking, fmt.Errorf("%s is empty", field.name))
		}
	}
	if i.CNI != "" && i.CNI != cniPTP {
		lacking = append(lacking, fmt.Errorf("cni %q is neither empty nor %q", i.CNI, cniPTP))
	}
	if _, err := istioversion.Parse(i.Istio.Version, i.Istio.Date); err != nil && i.Istio.Version != "" {
		lacking = append(lacking, fmt.Errorf("istio.version: %w", err))
	}
	return errors.Join(lacking...)
}

// Arch is the architecture of a node image that the engine has, in GOARCH's words.
func Arch(ctx context.Context, engine, image string) (string, error) {
	output, err := engineOutput(ctx, engine, "image", "inspect", "--format", "{{.Architecture}}", image)
	if err != nil {
		return "", fmt.Errorf("architecture of %s: %w", image, err)
	}
	return strings.TrimSpace(string(output)), nil
}
