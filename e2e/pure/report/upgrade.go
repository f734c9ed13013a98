package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/upgrade"
)

const stagePrefix = "holds, "

// StageText is the text of the spec of a stage of an upgrade.
func StageText(title string) string { return stagePrefix + title }

// ReadUpgrade reads the verdict on an upgrade of an artifacts folder; nil where there is none.
func ReadUpgrade(artifacts fs.FS) (*upgrade.Verdict, error) {
	content, err := fs.ReadFile(artifacts, upgrade.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var v upgrade.Verdict
	if err := json.Unmarshal(content, &v); err != nil {
		return nil, fmt.Errorf("%s: %w", upgrade.File, err)
	}
	return &v, nil
}

// StageRow is one stage in a table.
type StageRow struct {
	Stage   string
	Title   string
	Result  hop.Result
	Proxies string // how many are of which version
	Asked   int    // requests on the way to the stage
	Failed  int
	Outage  int64 // the longest of a series, in milliseconds
	Cases   int
	Reason  string
}

// Stages are the rows of an upgrade.
func Stages(v upgrade.Verdict) []StageRow {
	var all []StageRow
	for _, stage := range v.Stages {
		row := StageRow{Stage: stage.Stage, Title: stage.Title, Result: stage.Result, Proxies: stage.ByVersion(), Cases: len(stage.Cases), Reason: stage.Reason}
		for _, period := range v.Traffic.All() {
			if period.Stage != stage.Stage {
				continue
			}
			for _, figures := range period.Series {
				row.Asked += figures.Asked
				row.Failed += figures.Failed
				row.Outage = max(row.Outage, figures.LongestOutageMillis)
			}
		}
		all = append(all, row)
	}
	return all
}

// writeUpgrade prints one line per stage, and what keeps the upgrade from PASS.
func (r Report) writeUpgrade(out io.Writer, colour Colour) error {
	if r.Upgrade == nil {
		return nil
	}
	v := *r.Upgrade
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nSTAGE\tPROXIES\tREQUESTS\tFAILED\tLONGEST OUTAGE\tCASES\t%sWHY\n", padded(None, "RESULT"))
	for _, row := range Stages(v) {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d ms\t%d\t%s%s\n", row.Stage, row.Proxies, row.Asked, row.Failed, row.Outage, row.Cases, padded(colour, row.Result), line(row.Reason))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s under %s traffic: %s\n", v.Title(), v.Traffic.Policy, v.Sum())
	if v.Mutant != nil {
		fmt.Fprintf(&text, "%s\n", colour(v.Result, line(v.Reason)))
	}
	for _, problem := range v.Problems {
		fmt.Fprintf(&text, "%s\n", colour(problem.Result, line(problem.String())))
	}
	_, err := io.WriteString(out, text.String())
	return err
}
