package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
)

// Load imports an image archive (docker-archive or OCI tar) into every node. open is called once per node, and the
// nodes read at the same time.
func (c *Cluster) Load(ctx context.Context, open func() (io.ReadCloser, error)) error {
	targets, err := c.provider.ListInternalNodes(c.name)
	if err != nil {
		return fmt.Errorf("listing the nodes of cluster %s: %w", c.name, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, node := range targets {
		group.Go(func() error { return loadInto(ctx, node, open) })
	}
	return group.Wait()
}

// LoadWritten is Load of an archive that is written anew for each node.
func (c *Cluster) LoadWritten(ctx context.Context, archive func(io.Writer) error) error {
	return c.Load(ctx, func() (io.ReadCloser, error) {
		read, write := io.Pipe()
		go func() { _ = write.CloseWithError(archive(write)) }()
		return read, nil
	})
}

func loadInto(ctx context.Context, node nodes.Node, open func() (io.ReadCloser, error)) error {
	archive, err := open()
	if err != nil {
		return fmt.Errorf("opening an image archive for node %s: %w", node, err)
	}
	err = nodeutils.LoadImageArchive(node, cancellable{ctx, archive})
	if err := errors.Join(err, archive.Close()); err != nil {
		return fmt.Errorf("loading an image archive into node %s: %w", node, err)
	}
	return nil
}

// cancellable ends with ctx; nodeutils takes none.
type cancellable struct {
	ctx  context.Context
	from io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.from.Read(p)
}

// loadFromEngine copies images of the engine into every node.
func (c *Cluster) loadFromEngine(ctx context.Context, references []string) error {
	if len(references) == 0 {
		return nil
	}
	c.progress("loading " + strings.Join(references, ", "))
	return c.Load(ctx, func() (io.ReadCloser, error) { return saveImages(ctx, c.engine, references) })
}

// savedImages is the output of the engine's save command; Close waits for the command.
type savedImages struct {
	io.ReadCloser
	command *exec.Cmd
}

func saveImages(ctx context.Context, engine string, references []string) (io.ReadCloser, error) {
	arguments := []string{"save"}
	if engine == "podman" {
		arguments = append(arguments, "--multi-image-archive")
	}
	command := exec.CommandContext(ctx, engine, append(arguments, references...)...)
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return savedImages{ReadCloser: output, command: command}, nil
}

// Close reports a save that failed, which its reader saw as a short archive.
func (s savedImages) Close() error {
	if err := s.command.Wait(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(s.command.Args, " "), err)
	}
	return nil
}
