package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	cell, run string
	attempt   int
	machine   string
}

// or takes what was not given from where GitHub says it (https://docs.github.com/en/actions/reference/workflows-and-actions/variables).
func (p part) or(environment func(string) string) part {
	p.cell = cmp.Or(p.cell, environment("CELL"))
	p.run = cmp.Or(p.run, environment("GITHUB_RUN_ID"))
	if number, err := strconv.Atoi(environment("GITHUB_RUN_ATTEMPT")); err == nil {
		p.attempt = cmp.Or(p.attempt, number)
	}
	p.attempt = max(p.attempt, 1)
	p.machine = strings.TrimSpace(fmt.Sprintf("%s/%s, %d CPUs %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), environment("ImageOS")))
	return p
}

func writeLines(from, to string, p part) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	r, err := report.Decode(content)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	began, err := report.Began(r.RunID)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	switch {
	case r.Environment.Suite == "":
		return fmt.Errorf("%s: it does not say of which commit of the suite it is: git knew none, or it is of a schema before 5", from)
	case r.Environment.Settings["SHARD"] != "":
		return fmt.Errorf("%s: it is of shard %s alone: merge them first", from, r.Environment.Settings["SHARD"])
	}
	cell, err := cellOf(p.cell, r)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	lines := history.Of(r, history.Part{
		Run: cmp.Or(p.run, r.RunID), Cell: cell,
		Attempt: p.attempt, Began: began, Machine: p.machine,
	})
	return write(to, lines)
}

// cellOf is the cell that a report is of. Where it was given with versions, the report must be of them.
func cellOf(given string, r report.Report) (history.Cell, error) {
	asked := history.ParseCell(given)
	cell, err := history.CellOf(asked.Job, r.Environment)
	if err == nil && asked.Istio != "" && cell != asked {
		err = fmt.Errorf("it is of cell %q, not of %q", cell, asked)
	}
	return cell, err
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

func show(out io.Writer, file, run string, cells []string, jobs, badge string) error {
	lines, err := read(file)
	if err != nil {
		return err
	}
	morning, ran := history.Look(lines, run, cells)
	if !ran {
		return fmt.Errorf("%s: no run is in it", file)
	}
	if jobs != "success" {
		morning.Fails(jobs)
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
