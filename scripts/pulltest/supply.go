package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// The repositories that lane pull asks for.
const (
	nodeRepository     = "kindest/node"
	pilotRepository    = "istio/pilot"
	proxyRepository    = "istio/proxyv2"
	istioctlRepository = "istio/istioctl"
)

// Tags of proxies whose Envoy is a script: one that takes every configuration, as an Envoy with Istio's filters does, and one that
// fails for a reason of its own.
const (
	tagTakesAll = "takes-all"
	tagFails    = "fails"
)

// tagOther is that of an image in the node's repository which is none.
const tagOther = "other"

// source is what the registry is given: lane source's versions, and what their images are.
type source struct {
	Kubernetes string `json:"kubernetes"`
	NodeImage  string `json:"nodeImage"`
	CNI        string `json:"cni"`
	Envoy      string `json:"envoy"`
	Profile    string `json:"profile"`
	Istioctl   string `json:"istioctl"`
	Istio      struct {
		Version string `json:"version"`
	} `json:"istio"`

	digests map[string]string // by repository
}

// supply has lane source provide its images and pushes them under the names and with the versions that lane pull asks for.
func supply(ctx context.Context, root string, to *served) (source, error) {
	given, err := built(ctx, root)
	if err != nil {
		return source{}, err
	}
	if err := to.up(ctx, none); err != nil {
		return source{}, err
	}
	defer to.down()
	if err := pushFromEngine(ctx, given.NodeImage, to.address+"/"+nodeRepository+":"+given.Kubernetes); err != nil {
		return source{}, err
	}
	if err := given.pushIstio(to); err != nil {
		return source{}, err
	}
	given.digests = map[string]string{}
	for repository, tag := range given.tags() {
		if given.digests[repository], err = to.digest(repository, tag); err != nil {
			return source{}, err
		}
	}
	return given, nil
}

// tags are those of the images that are pulled, by repository.
func (s source) tags() map[string]string {
	return map[string]string{
		nodeRepository: s.Kubernetes, pilotRepository: s.Istio.Version, proxyRepository: s.Istio.Version, istioctlRepository: s.Istio.Version,
	}
}

func built(ctx context.Context, root string) (source, error) {
	command := exec.CommandContext(ctx, filepath.Join(root, "scripts", "images.sh"), "source", os.Getenv("KUBERNETES_VERSION"), os.Getenv("ISTIO_VERSION"))
	command.Stderr = os.Stderr
	manifest, err := command.Output()
	if err != nil {
		return source{}, fmt.Errorf("scripts/images.sh source: %w", err)
	}
	return readJSON[source](strings.TrimSpace(string(manifest)))
}

// pushIstio pushes the images that stand beside istioctl, one of istioctl itself, and two proxies with an Envoy that is a script.
func (s source) pushIstio(to *served) error {
	folder := filepath.Join(filepath.Dir(filepath.Dir(s.Istioctl)), "images")
	archives, err := readJSON[[]archived](filepath.Join(folder, "manifest.json"))
	if err != nil {
		return err
	}
	for _, repository := range []string{pilotRepository, proxyRepository} {
		image, err := imageOf(folder, archives, repository)
		if err == nil && repository == pilotRepository {
			image, err = withBallast(image)
		}
		if err == nil {
			err = to.push(image, repository, s.Istio.Version)
		}
		if err == nil && repository == proxyRepository {
			err = pushScripts(to, image)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", repository, err)
		}
	}
	program, err := os.ReadFile(s.Istioctl)
	if err != nil {
		return err
	}
	istioctl, err := withProgram(empty.Image, "usr/local/bin/istioctl", program)
	if err != nil {
		return err
	}
	return errors.Join(to.push(istioctl, istioctlRepository, s.Istio.Version), to.push(istioctl, nodeRepository, tagOther))
}

// pushScripts pushes proxies whose Envoy is a script.
func pushScripts(to *served, proxy v1.Image) error {
	const version = "echo 'envoy  version: 0123abc/1.2.3-dev/Clean/RELEASE/BoringSSL'"
	for tag, validate := range map[string]string{tagTakesAll: "exit 0", tagFails: "echo 'no memory is left' >&2; exit 1"} {
		script := "#!/bin/sh\nif [ \"$1\" = --version ]; then " + version + "; else " + validate + "; fi\n"
		image, err := withProgram(proxy, "usr/local/bin/envoy", []byte(script))
		if err == nil {
			err = to.push(image, proxyRepository, tag)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// archived is one image of an archive in the format of `docker save`.
type archived struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// imageOf is the image of a repository, whatever its registry and tag, in an unpacked archive.
func imageOf(folder string, archives []archived, repository string) (v1.Image, error) {
	for _, one := range archives {
		if len(one.RepoTags) != 1 || !strings.Contains(one.RepoTags[0], "/"+repository+":") {
			continue
		}
		config, err := readJSON[v1.ConfigFile](filepath.Join(folder, one.Config))
		if err != nil {
			return nil, err
		}
		var layers []v1.Layer
		for _, file := range one.Layers {
			layer, err := tarball.LayerFromFile(filepath.Join(folder, file), tarball.WithCompressedCaching, tarball.WithCompressionLevel(gzip.BestSpeed))
			if err != nil {
				return nil, err
			}
			layers = append(layers, layer)
		}
		image, err := mutate.AppendLayers(empty.Image, layers...)
		if err != nil {
			return nil, err
		}
		return configured(image, config)
	}
	return nil, errors.New("lane source has no such image")
}

// configured gives an image the settings of a configuration; its layers stay.
func configured(image v1.Image, like v1.ConfigFile) (v1.Image, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config = like.OS, like.Architecture, like.Config
	return mutate.ConfigFile(image, config)
}

// withBallast puts a layer on top of an image that no engine has. Docker asks no registry for a layer that it has of another
// image, or that it is getting from another registry.
func withBallast(on v1.Image) (v1.Image, error) {
	content := make([]byte, ballast)
	_, _ = rand.Read(content) // never fails
	return withProgram(on, "usr/share/ballast", content)
}

// withProgram puts one executable file on top of an image.
func withProgram(on v1.Image, path string, content []byte) (v1.Image, error) {
	var files bytes.Buffer
	writer := tar.NewWriter(&files)
	err := writer.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(content))})
	if err == nil {
		_, err = writer.Write(content)
	}
	if err := errors.Join(err, writer.Close()); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil },
		tarball.WithCompressedCaching, tarball.WithCompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(on, layer)
}

func readJSON[T any](file string) (T, error) {
	var value T
	content, err := os.ReadFile(file)
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(content, &value); err != nil {
		return value, fmt.Errorf("%s: %w", file, err)
	}
	return value, nil
}
