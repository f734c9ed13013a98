package history

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"mtls.test/conformance/e2e/pure/report"
)

// Cell is part of a run: a job, and the minors that it is done on. One that goes to another patch is the same cell on another ground.
type Cell struct {
	Job        string
	From       string // minor of Istio that an upgrade begins with; empty of a job that is none
	Istio      string
	Kubernetes string
}

// String returns "full istio-1.31 kubernetes-1.36", "upgrade canary istio-1.30-to-1.31 kubernetes-1.36", or the job alone where it says
// nothing of versions.
func (c Cell) String() string {
	if c.Istio == "" {
		return c.Job
	}
	istio := c.Istio
	if c.From != "" {
		istio = c.From + "-to-" + c.Istio
	}
	return strings.TrimSpace(fmt.Sprintf("%s istio-%s kubernetes-%s", c.Job, istio, c.Kubernetes))
}

// rerun is the command that runs something again as the cell does, by the command that runs it on its own; without one, the whole cell.
func (c Cell) rerun(alone string) string {
	if c.Job == "" {
		return alone
	}
	command := fmt.Sprintf("make cell CELL='%s'", c)
	if _, focus, of := strings.Cut(alone, " FOCUS="); of {
		command += " FOCUS=" + focus
	}
	return command
}

var cellVersions = regexp.MustCompile(`^(.+) istio-(?:([0-9.]+)-to-)?([0-9.]+) kubernetes-([0-9.]+)$`)

// ParseCell reads what String returns.
func ParseCell(text string) Cell {
	parts := cellVersions.FindStringSubmatch(text)
	if parts == nil {
		return Cell{Job: text}
	}
	return Cell{Job: parts[1], From: parts[2], Istio: parts[3], Kubernetes: parts[4]}
}

// CellOf is the cell of a job that a report is of. A run that ended before its images were known has the versions that it was asked for.
func CellOf(job string, e report.Environment) (Cell, error) {
	c := Cell{Job: job, Istio: Minor(cmp.Or(e.Istio, e.Settings["ISTIO_VERSION"])), Kubernetes: Minor(cmp.Or(e.Kubernetes, e.Settings["KUBERNETES_VERSION"]))}
	if e.Settings["TO"] != "" {
		c.From, c.Istio = Minor(e.Settings["FROM"]), Minor(e.Settings["TO"])
	}
	if c.Istio == "" || c.Kubernetes == "" {
		return c, fmt.Errorf("the report names no version of Istio and of Kubernetes, by which a history knows it")
	}
	return c, nil
}

// Minor is the minor of a version: 1.36 of v1.36.2, of 1.36.0-9739e10eb9d7 and of 1.36.
func Minor(version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}
