package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"mtls.test/conformance/e2e/live/timeout"
)

// checkout is a copy of the one at root, in which lane pull asks for what the registry has. Its cache is its own.
type checkout struct{ root, path, cache string }

// make copies what git knows or would add, and gives lane pull the versions of the registry.
func (c checkout) make(ctx context.Context, given source) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = c.root
	listed, err := list.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		if err := c.copy(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // one that was deleted and is not committed
			return err
		}
	}
	version, node := given.Istio.Version, nodeRepository+":"+given.Kubernetes
	return errors.Join(
		c.unit("kubernetes/"+given.Kubernetes, node+"@"+given.digests[nodeRepository]),
		c.unit("kubernetes/"+given.Kubernetes+"-"+unknownDigest, node+"@"+newDigest()),
		c.unitOfIstio(version, version, version),
		c.unitOfIstio(version+"-"+tagTakesAll, version, tagTakesAll),
		c.unitOfIstio(version+"-"+tagFails, version, tagFails),
		c.offer(
			[]string{version, version + "-" + tagTakesAll, version + "-" + tagFails},
			[]string{given.Kubernetes, given.Kubernetes + "-" + unknownDigest},
		),
	)
}

// newDigest is one that no image has. Docker keeps manifests by digest, and asks no registry for one that it has seen.
func newDigest() string {
	var sum [sha256.Size]byte
	_, _ = rand.Read(sum[:]) // never fails
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (c checkout) copy(name string) error {
	from, to := filepath.Join(c.root, name), filepath.Join(c.path, name)
	about, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, about.Mode().Perm())
}

func (c checkout) unitOfIstio(version, tag, proxyTag string) error {
	return c.unit("istio/"+version, pilotRepository+":"+tag, proxyRepository+":"+proxyTag, istioctlRepository+":"+tag)
}

// unit adds a unit of these images of docker.io.
func (c checkout) unit(unit string, images ...string) error {
	folder := filepath.Join(c.path, "scripts", "images", filepath.FromSlash(unit))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var file strings.Builder
	for _, image := range images {
		fmt.Fprintf(&file, "FROM docker.io/%s\n", image)
	}
	return os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(file.String()), 0o644)
}

// offer puts pairs of versions in the place of those that lane pull offers.
func (c checkout) offer(istio, kubernetes []string) error {
	var table strings.Builder
	for _, i := range istio {
		for _, k := range kubernetes {
			fmt.Fprintf(&table, "| pull | %s | %s |\n", i, k)
		}
	}
	return os.WriteFile(filepath.Join(c.path, "scripts", "versions", "README.md"), []byte(table.String()), 0o644)
}

// command prepares a command of the copy. An interrupt gives it time to clean up.
func (c checkout) command(ctx context.Context, settings []string, name string, arguments ...string) (*exec.Cmd, error) {
	// It lies in XDG_CACHE_HOME unless it is named.
	buildCache, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOCACHE: %w", err)
	}
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = c.path
	command.Env = append(os.Environ(), "XDG_CACHE_HOME="+c.cache, "GOCACHE="+strings.TrimSpace(string(buildCache)))
	command.Env = append(command.Env, settings...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	return command, nil
}

// said is how a run of images.sh ended.
type said struct {
	exit     int
	manifest string // its path, as printed
	progress string
}

// images runs the copy's images.sh.
func (c checkout) images(ctx context.Context, settings []string, arguments ...string) (said, error) {
	command, err := c.command(ctx, settings, filepath.Join(c.path, "scripts", "images.sh"), arguments...)
	if err != nil {
		return said{}, err
	}
	var printed, progress bytes.Buffer
	command.Stdout, command.Stderr = &printed, &progress
	command.WaitDelay = timeout.ScriptGrace.Duration()
	err = command.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		return said{}, errors.Join(context.Cause(ctx), err)
	}
	return said{command.ProcessState.ExitCode(), strings.TrimSpace(printed.String()), progress.String()}, nil
}

// unfinished lists what a run of images.sh that failed must not leave in the cache.
func (c checkout) unfinished() ([]string, error) {
	images := filepath.Join(c.cache, "istio-mtls-conformance", "images", "*", "*")
	half, err := filepath.Glob(images + ".building")
	if err != nil {
		return nil, err
	}
	manifests, err := filepath.Glob(filepath.Join(images, "images.json"))
	return append(half, manifests...), err
}

// endToEnd makes a cluster of the pulled images and runs the suite on it. The report is kept in the checkout itself.
func (c checkout) endToEnd(ctx context.Context, registry string, given source) error {
	command, err := c.command(ctx, []string{
		"LANE=pull", "REGISTRY=" + registry, "CLUSTER_NAME=pull", "KUBERNETES_VERSION=" + given.Kubernetes, "ISTIO_VERSION=" + given.Istio.Version,
		"ARTIFACTS=" + filepath.Join(c.root, "artifacts", "test-pull"),
	}, "make", "e2e")
	if err != nil {
		return err
	}
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.WaitDelay = timeout.SuiteEnd.Duration() + timeout.ClusterDelete.Duration()
	if err := command.Run(); err != nil {
		return fmt.Errorf("make e2e LANE=pull: %w", err)
	}
	return nil
}
