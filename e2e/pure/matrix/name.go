package matrix

import (
	"cmp"
	"fmt"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// nameOf says what was run, as the table of versions (scripts/versions/README.md) and that of jobs (scripts/cells/cells.yaml) name it.
func nameOf(r report.Report) string {
	settings := r.Environment.Settings
	name := cmp.Or(fixture.WholeRuns[settings["LABELS"]], settings["LABELS"], "no labels")
	switch {
	case settings["MUTANT"] != "":
		name = "upgrade mutant " + settings["MUTANT"]
	case r.Upgrade != nil || settings["TO"] != "":
		name = "upgrade " + settings["MODE"]
		if traffic := settings["TRAFFIC"]; traffic != upgrade.StrictTraffic {
			name += " " + traffic
		}
	}
	if r.Repeat != nil {
		name += fmt.Sprintf(", %d rounds", r.Repeat.Rounds)
	}
	return name
}
