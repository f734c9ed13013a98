package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/report"
)

// part is what a report does not say of itself.
type part struct {
	job, run       string
	attempt        int
	suite, machine string
}

// or takes what was not given from where GitHub says it (https://docs.github.com/en/actions/reference/workflows-and-actions/variables).
func (p part) or(environment func(string) string) part {
	p.run = cmp.Or(p.run, environment("GITHUB_RUN_ID"))
	p.suite = environment("GITHUB_SHA")
	if number, err := strconv.Atoi(environment("GITHUB_RUN_ATTEMPT")); err == nil {
		p.attempt = cmp.Or(p.attempt, number)
	}
	p.attempt = max(p.attempt, 1)
	p.machine = strings.TrimSpace(fmt.Sprintf("%s/%s, %d CPUs %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), environment("ImageOS")))
	return p
}

func writeLines(ctx context.Context, from, to string, p part) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var r report.Report
	if err := json.Unmarshal(content, &r); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	began, err := report.Began(r.RunID)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if p.suite == "" {
		said, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
		if err != nil {
			return fmt.Errorf("which commit of the suite this is: %w", err)
		}
		p.suite = strings.TrimSpace(string(said))
	}
	named, err := cell(p.job, r.Environment)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	lines := history.Of(r, history.Part{
		Run: cmp.Or(p.run, r.RunID), Cell: named,
		Attempt: p.attempt, Began: began, Suite: p.suite, Machine: p.machine,
	})
	return write(to, lines)
}

// cell is named by minors: one that goes to another patch is the same cell on another ground.
// A run that ended before its images were known has the versions that it was asked for.
func cell(job string, e report.Environment) (string, error) {
	istio := cmp.Or(e.Istio, e.Settings["ISTIO_VERSION"], e.Settings["FROM"])
	kubernetes := cmp.Or(e.Kubernetes, e.Settings["KUBERNETES_VERSION"])
	if istio == "" || kubernetes == "" {
		return "", errors.New("it names no version of Istio and of Kubernetes, by which a history knows it")
	}
	minor := func(version string) string {
		parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
		return strings.Join(parts[:min(len(parts), 2)], ".")
	}
	return strings.TrimSpace(fmt.Sprintf("%s istio-%s kubernetes-%s", strings.TrimSpace(job), minor(istio), minor(kubernetes))), nil
}

func addLines(to string, from []string) error {
	kept, err := read(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, file := range from {
		further, err := read(file)
		if err != nil {
			return err
		}
		kept = history.Append(kept, further)
	}
	return write(to, kept)
}

func show(out io.Writer, file string, cells []string, badge string) error {
	lines, err := read(file)
	if err != nil {
		return err
	}
	morning, ran := history.Look(lines, cells)
	if !ran {
		return fmt.Errorf("%s: no run is in it", file)
	}
	if _, err := io.WriteString(out, morning.Markdown()); err != nil {
		return err
	}
	if badge != "" {
		if err := artifact.WriteJSON(badge, morning.Badge()); err != nil {
			return err
		}
	}
	if !morning.Green() {
		return errNotGreen
	}
	return nil
}

func grid(out io.Writer, file string, all bool) error {
	lines, err := read(file)
	if err != nil {
		return err
	}
	return history.Grid(out, lines, all)
}

func read(name string) ([]history.Line, error) {
	return history.ReadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
}

func write(name string, lines []history.Line) error {
	return artifact.Write(name, func(to io.Writer) error { return history.Write(to, lines) })
}
