package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// errNoDocker says that there is none to try.
var errNoDocker = errors.New("the trials need a Docker that answers, which takes a registry at 127.0.0.1 without TLS")

// wantDocker makes an engine available as every command of the suite does, and wants it to be Docker.
func wantDocker(ctx context.Context, root string) error {
	command := exec.CommandContext(ctx, filepath.Join(root, "scripts", "engine.sh"))
	command.Stderr = os.Stderr
	name, err := command.Output()
	if err != nil {
		return fmt.Errorf("%w: %w", errNoDocker, err)
	}
	if found := strings.TrimSpace(string(name)); found != "docker" {
		return fmt.Errorf("%w: the engine here is %s", errNoDocker, found)
	}
	return nil
}

// docker runs one of its commands and returns what it prints.
func docker(ctx context.Context, arguments ...string) (string, error) {
	var said bytes.Buffer
	command := exec.CommandContext(ctx, "docker", arguments...)
	command.Stderr = &said
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", arguments[0], err, bytes.TrimSpace(said.Bytes()))
	}
	return strings.TrimSpace(string(printed)), nil
}

// pushFromEngine gives an image of the engine to the registry, and keeps no reference to it.
func pushFromEngine(ctx context.Context, image, reference string) error {
	if _, err := docker(ctx, "tag", image, reference); err != nil {
		return err
	}
	_, err := docker(ctx, "push", "--quiet", reference)
	_, untagged := docker(context.WithoutCancel(ctx), "rmi", reference)
	return errors.Join(err, untagged)
}

// forget removes every image of the registry.
func forget(ctx context.Context, registry string) error {
	listed, err := docker(ctx, "images", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}")
	if err != nil {
		return err
	}
	references := referencesOf(listed, registry)
	if len(references) == 0 {
		return nil
	}
	_, err = docker(ctx, append([]string{"rmi"}, references...)...)
	return err
}

// referencesOf are the references to images of a registry among those that `docker images` lists by repository, tag and digest.
// One by tag comes before one by digest: the last that goes takes the image with it.
func referencesOf(listed, registry string) []string {
	var tagged, digested []string
	for line := range strings.Lines(listed) {
		of := strings.Fields(line)
		if len(of) != 3 || !strings.HasPrefix(of[0], registry+"/") {
			continue
		}
		switch repository, tag, digest := of[0], of[1], of[2]; {
		case tag != "<none>":
			tagged = append(tagged, repository+":"+tag)
		case digest != "<none>":
			digested = append(digested, repository+"@"+digest)
		}
	}
	return append(tagged, digested...)
}

// containers lists the containers of images of the registry, whether they run or not.
func containers(ctx context.Context, registry string) ([]string, error) {
	listed, err := docker(ctx, "ps", "--all", "--format", "{{.Names}} {{.Image}}")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(listed) {
		if name, image, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(image, registry+"/") {
			found = append(found, name)
		}
	}
	return found, nil
}
