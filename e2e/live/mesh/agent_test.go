package mesh

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestTheAgentsImageHoldsItsBinaryAndIsNamedByContent(t *testing.T) {
	image, err := agentImage([]byte("binary"), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := image.Write(&archive); err != nil {
		t.Fatal(err)
	}
	read, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }, &image.tag)
	if err != nil {
		t.Fatal(err)
	}
	config, err := read.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != "arm64" || config.OS != "linux" || config.Config.User != agentUser || len(config.RootFS.DiffIDs) != 1 {
		t.Errorf("config is %+v", config)
	}
	other, err := agentImage([]byte("another"), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	if image.Reference == other.Reference {
		t.Errorf("two binaries share the name %s", image.Reference)
	}
}
