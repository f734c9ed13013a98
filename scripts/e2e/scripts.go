package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/live/timeout"
)

// scriptRefused is the exit status by which our scripts say that a person must act.
const scriptRefused = 2

// liveVariable tells a script that what it says stands on a terminal above a live line (scripts/lib/say.sh).
const liveVariable = "MTLS_LIVE"

// script prepares a script of ours.
func (r *program) script(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(r.root, "scripts", name), arguments...)
	command.Dir = r.root
	return command
}

// engineScript prepares engine.sh without the mark of the run, for the engine that it starts outlives the run.
func (r *program) engineScript(ctx context.Context, arguments ...string) *exec.Cmd {
	command := r.script(ctx, "engine.sh", arguments...)
	command.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, runVariable+"=") })
	return command
}

// ask runs a script and returns what it prints. What it says goes to the console unless the caller chose otherwise.
func (r *program) ask(ctx context.Context, command *exec.Cmd) (string, error) {
	var printed bytes.Buffer
	command.Stdout = &printed
	if command.Stderr == nil {
		said, end := r.screen.messages()
		command.Stderr = said
		defer end()
		if r.screen.lively() {
			command.Env = append(command.Environ(), liveVariable+"=1")
		}
	}
	err := r.children.run(ctx, command, timeout.ScriptGrace.Duration())
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("scripts/%s: %w", filepath.Base(command.Path), err)
		if exit.ExitCode() == scriptRefused {
			err = badInput(err)
		}
	}
	return strings.TrimSpace(printed.String()), err
}

// askQuietly is ask for a check: what the script says on stderr becomes the error.
func (r *program) askQuietly(ctx context.Context, command *exec.Cmd) (string, error) {
	var said bytes.Buffer
	command.Stderr = &said
	answer, err := r.ask(ctx, command)
	if _, why, found := strings.Cut(strings.TrimSpace(said.String()), "error: "); err != nil && found {
		var bad badInputError
		if errors.As(err, &bad) {
			return "", badInput(errors.New(why))
		}
		return "", errors.Join(errors.New(why), err)
	}
	return answer, err
}

// engine makes a container engine available and returns its name.
func (r *program) engine(ctx context.Context) (name string, err error) {
	err = r.during(step{name: "engine", says: "looking for a container engine"}, func() error {
		name, err = r.ask(ctx, r.engineScript(ctx))
		return err
	})
	return name, err
}

// engineThere returns the name of the engine that answers, and starts none.
func (r *program) engineThere(ctx context.Context) (string, error) {
	return r.askQuietly(ctx, r.engineScript(ctx, "--check"))
}

// imagesNeeded says how many GB the images still need; bad input where the lane cannot give them.
func (r *program) imagesNeeded(ctx context.Context) (string, error) {
	return r.askQuietly(ctx, r.script(ctx, "images.sh", append([]string{"--need"}, r.versions()...)...))
}

// images provides the lane's images.
func (r *program) images(ctx context.Context, there bool) (cluster.Images, error) {
	providing := step{name: "images", says: "providing the images", usual: "20 minutes where they are built, a few where they are pulled"}
	if there {
		providing = step{name: "images that are there", says: "looking up the images"}
	}
	var manifest string
	err := r.during(providing, func() (err error) {
		manifest, err = r.ask(ctx, r.script(ctx, "images.sh", r.versions()...))
		return err
	})
	if err != nil {
		return cluster.Images{}, err
	}
	return cluster.ReadImages(manifest)
}

func (r *program) versions() []string {
	return []string{r.settings.values["LANE"], r.settings.values["KUBERNETES_VERSION"], r.settings.values["ISTIO_VERSION"]}
}
