//go:build e2e

package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

// progress is how far the suite is.
var progress report.Progress

// tellProgress has the suite write its progress into a file whenever a spec begins and ends; empty: into none.
func tellProgress(file string) {
	if file == "" {
		return
	}
	tell := func() {
		if err := artifact.WriteJSON(file, progress); err != nil {
			GinkgoWriter.Println("how far the suite is could not be told:", err) // and no verdict rests on it
		}
	}
	ReportBeforeSuite(func(suite Report) { progress.Cases = suite.PreRunStats.SpecsThatWillRun })
	ReportBeforeEach(func(spec SpecReport) {
		if spec.State.Is(types.SpecStateSkipped | types.SpecStatePending) {
			return // it does not run
		}
		progress.Begin(spec.LeafNodeText)
		tell()
	})
	ReportAfterEach(func(spec SpecReport) {
		if progress.Running == "" {
			return
		}
		progress.End(spec.State.String(), spec.Failure.Message, left(spec))
		tell()
	})
}

// leaves says what a spec came to, which the words by which it fails do not tell.
func leaves(result hop.Result) { AddReportEntry("verdict", result, ReportEntryVisibilityNever) }

// left is what a spec said so; empty where it ended before.
func left(spec SpecReport) (result hop.Result) {
	for _, entry := range spec.ReportEntries {
		if told, is := entry.GetRawValue().(hop.Result); is {
			result = told
		}
	}
	return result
}
