// Package matrix holds the reports of several runs against each other: what they came to by versions of Istio and of Kubernetes, and which
// cases are not alike in all of them.
package matrix

import (
	"errors"
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Run is a report, and where it is.
type Run struct {
	File   string // as it was given, for errors to name it
	Place  string // of that file, as a path from the matrix
	Page   string // URL of the run's own page from the matrix; empty where none lies beside its report
	Report report.Report
}

// Matrix is what several runs came to.
type Matrix struct {
	cells    []cell
	subjects []subject
}

// Of holds runs against each other, in whichever order they are given. The error names the files that cannot be: of another schema, of
// a shard alone, of no versions, or two of the very same run.
func Of(runs []Run) (Matrix, error) {
	if err := check(runs); err != nil {
		return Matrix{}, err
	}
	cells := cellsOf(runs)
	return Matrix{cells: cells, subjects: subjectsOf(cells)}, nil
}

func check(runs []Run) error {
	var wrong []error
	files := map[string]string{}
	for _, run := range runs {
		if err := checkOne(run.Report); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", run.File, err))
			continue
		}
		id := run.Report.RunID
		if first, known := files[id]; known {
			wrong = append(wrong, fmt.Errorf("%s and %s are reports of the very same run, %s: give one of them", first, run.File, id))
		}
		files[id] = run.File
	}
	return errors.Join(wrong...)
}

func checkOne(r report.Report) error {
	if err := report.CheckSchema(r.SchemaVersion); err != nil {
		return err
	}
	switch on := groundOf(r); {
	case r.RunID == "":
		return errors.New("it has no runID, by which two reports of one run are told")
	case r.Environment.Settings["SHARD"] != "":
		return fmt.Errorf("it is of shard %s alone: merge the shards first, by make e2e-merge", r.Environment.Settings["SHARD"])
	case on.Istio == "" || on.Kubernetes == "":
		return errors.New("it names no version of Istio and of Kubernetes, so it has no place in a matrix: leave it out")
	}
	return nil
}

// result is the worst of all runs.
func (m Matrix) result() hop.Result {
	worst := hop.Pass
	for _, run := range m.runs() {
		worst = verdict.Worse(worst, run.Report.Result)
	}
	return worst
}

func (m Matrix) runs() []Run {
	var all []Run
	for _, c := range m.cells {
		all = append(all, c.Runs...)
	}
	return all
}
