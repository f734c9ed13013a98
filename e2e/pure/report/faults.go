package report

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"text/tabwriter"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// FaultsDir is the folder, under the artifacts folder, for the suite's result of each fault.
const FaultsDir = "faults"

const faultPrefix = "makes no wrong verdict of "

// FaultText is the text of the spec of a fault.
func FaultText(name string) string { return faultPrefix + name }

// ReadFaults reads faults/*.json of an artifacts folder, sorted by name.
func ReadFaults(artifacts fs.FS) ([]verdict.Fault, error) {
	return readAll[verdict.Fault](artifacts, path.Join(FaultsDir, "*.json"))
}

// FaultName is how reports name a fault among cases.
func FaultName(fault string) string { return "fault " + fault }

// faultsResult is the result of a run by its faults.
func (r *Report) faultsResult() (hop.Result, string) {
	for _, f := range r.Faults {
		if result := f.Verdict(); result != hop.Pass {
			return result, fmt.Sprintf("%s: %s", FaultName(f.Fault), f.Wrong)
		}
	}
	return hop.Pass, ""
}

// writeFaults prints one line per fault.
func (r Report) writeFaults(out io.Writer, colour Colour) error {
	if len(r.Faults) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nFAULT\tRECOVERED\t%s%s%sWHY\n", padded(None, "SOUND"), padded(None, "WEAK"), padded(None, "AFTER"))
	for _, f := range r.Faults {
		why := line(f.Sound.Reason)
		if f.Wrong != "" {
			why = line(f.Wrong)
		}
		fmt.Fprintf(table, "%s\t%.0f s\t%s%s%s%s\n", f.Fault, f.Seconds, padded(colour, f.Sound.Result), padded(colour, f.Weak.Result), padded(colour, f.After.Result), why)
	}
	return table.Flush()
}
