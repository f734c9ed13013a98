package page

import (
	"io/fs"
	"path"
	"slices"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/report"
)

// Beside is what a page shows beside its report; the zero value shows none.
type Beside struct {
	History  []history.Line      // of the runs before
	Chart    oracle.Chart        // the guide's flowchart
	Evidence map[string][]string // the files and folders of a case, by paths from the page
	Redacted bool                // the report has pseudonyms for names (package redact)
}

// ReadBeside reads the flowchart of the fixtures, and lists what an artifacts folder has of each case.
func ReadBeside(fixtures, artifacts fs.FS) (Beside, error) {
	chart, err := oracle.LoadChart(fixtures)
	beside := Beside{Chart: chart, Evidence: map[string][]string{}}
	if err != nil {
		return beside, err
	}
	for _, pattern := range []string{path.Join(report.CasesDir, "*", "*"), path.Join(report.DiagnosticsDir, "*")} {
		found, err := fs.Glob(artifacts, pattern)
		if err != nil {
			return beside, err
		}
		for _, name := range found {
			id := path.Base(path.Dir(name))
			if path.Dir(name) == report.DiagnosticsDir {
				id = path.Base(name)
			}
			beside.Evidence[id] = append(beside.Evidence[id], name)
		}
	}
	for id := range beside.Evidence {
		slices.Sort(beside.Evidence[id])
	}
	return beside, nil
}
