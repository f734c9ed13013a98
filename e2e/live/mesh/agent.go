package mesh

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// AgentImage is the image of the one program inside the cluster: its binary, and nothing else.
type AgentImage struct {
	Reference string // docker.io/mtls-conformance/agent:CONTENT, by content, so that a changed agent has another name
	image     v1.Image
	tag       name.Tag
}

// agentUser is whom the agent runs as: nobody with a name.
const agentUser = "1000:1000"

// BuildAgent compiles fixtures/agent of the module that the working directory is in, for the nodes' architecture
// (GOARCH's words), and makes its image.
func BuildAgent(ctx context.Context, arch string) (AgentImage, error) {
	folder, err := os.MkdirTemp("", "mtls-agent-")
	if err != nil {
		return AgentImage{}, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	binary := filepath.Join(folder, "agent")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "mtls.test/conformance/fixtures/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if output, err := build.CombinedOutput(); err != nil {
		return AgentImage{}, fmt.Errorf("build the agent: %w\n%s", err, output)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return AgentImage{}, err
	}
	return agentImage(content, arch)
}

func agentImage(binary []byte, arch string) (AgentImage, error) {
	sum := sha256.Sum256(binary)
	tag, err := name.NewTag("docker.io/mtls-conformance/agent:" + hex.EncodeToString(sum[:6]))
	if err != nil {
		return AgentImage{}, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return layerOf(binary) })
	if err != nil {
		return AgentImage{}, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return AgentImage{}, err
	}
	image, err = mutate.ConfigFile(image, configOf(image, arch))
	if err != nil {
		return AgentImage{}, err
	}
	return AgentImage{Reference: tag.Name(), image: image, tag: tag}, nil
}

func configOf(image v1.Image, arch string) *v1.ConfigFile {
	config := &v1.ConfigFile{OS: "linux", Architecture: arch, Config: v1.Config{Entrypoint: []string{"/agent"}, User: agentUser}}
	if made, err := image.ConfigFile(); err == nil {
		config.RootFS = made.RootFS
	}
	return config
}

func layerOf(binary []byte) (io.ReadCloser, error) {
	var layer bytes.Buffer
	files := tar.NewWriter(&layer)
	err := files.WriteHeader(&tar.Header{Name: "agent", Mode: 0o755, Size: int64(len(binary))})
	if err == nil {
		_, err = files.Write(binary)
	}
	return io.NopCloser(&layer), errors.Join(err, files.Close())
}

// Write writes the image as an archive that docker load and ctr import read.
func (a AgentImage) Write(to io.Writer) error { return tarball.Write(a.tag, a.image, to) }
