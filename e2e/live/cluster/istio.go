package cluster

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Istio is what an image lane made ready of one version of Istio without a node image, for a cluster that has another version.
type Istio struct {
	Profile    string       `json:"profile"` // default or vanilla
	Release    IstioRelease `json:"istio"`
	Envoy      string       `json:"envoy"`
	Istioctl   string       `json:"istioctl"`   // absolute path on this machine
	Archive    string       `json:"archive"`    // folder of its images in docker-archive form; empty where LoadImages has them
	LoadImages []string     `json:"loadImages"` // references in the engine
}

// ReadIstio reads the manifest of images.sh --istio.
func ReadIstio(path string) (Istio, error) {
	var istio Istio
	if err := readManifest(path, &istio); err != nil {
		return Istio{}, err
	}
	if istio.Profile == "" || istio.Release.Version == "" || istio.Release.Hub == "" || istio.Release.Tag == "" || istio.Istioctl == "" || istio.Archive == "" && len(istio.LoadImages) == 0 {
		return Istio{}, fmt.Errorf("%s: want profile, istio.version, istio.hub, istio.tag, istioctl, and archive or loadImages", path)
	}
	return istio, nil
}

// LoadIstio copies the images into every node.
func (c *Cluster) LoadIstio(ctx context.Context, istio Istio) error {
	if istio.Archive == "" {
		return c.loadFromEngine(ctx, istio.LoadImages)
	}
	c.progress("loading the images of Istio " + istio.Release.Version)
	return c.LoadWritten(ctx, func(to io.Writer) error {
		archive := tar.NewWriter(to)
		return errors.Join(archive.AddFS(os.DirFS(istio.Archive)), archive.Close())
	})
}

// LoadFound copies those of the images that the engine has into every node, without a pull; the nodes pull the others themselves.
func (c *Cluster) LoadFound(ctx context.Context, references []string) error {
	var found []string
	for _, reference := range references {
		id, err := engineOutput(ctx, c.engine, "images", "--quiet", reference)
		if err != nil {
			return fmt.Errorf("look for image %s: %w", reference, err)
		}
		if strings.TrimSpace(string(id)) != "" {
			found = append(found, reference)
		}
	}
	return c.loadFromEngine(ctx, found)
}
