package report

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"mtls.test/conformance/e2e/pure/hop"
)

// ANSI colours PASS green, SKIPPED and INCONCLUSIVE yellow, the others red.
func ANSI(result hop.Result, text string) string {
	code := "31"
	switch result {
	case hop.Pass:
		code = "32"
	case hop.Skipped, hop.Inconclusive:
		code = "33"
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// WriteTable ends a run on the console: case, hop, verdict and one line why. A case that passes takes one line,
// any other one per check that does not.
func (r Report) WriteTable(out io.Writer, colour Colour) error {
	// tabwriter counts escape codes as width, so the coloured column comes last but for the free text.
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "CASE\tHOP\t%sWHY\n", padded(None, "VERDICT"))
	for _, c := range r.Cases {
		for _, row := range rows(c) {
			fmt.Fprintf(table, "%s\t%s\t%s\n", line(c.ID), line(row.hop), padded(colour, row.result)+line(row.why))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := errors.Join(r.writeMutants(out, colour), r.writeFaults(out, colour), r.writeUpgrade(out, colour), r.writeHints(out)); err != nil {
		return err
	}
	s := r.Summary
	_, err := fmt.Fprintf(out, "\n%s  %d pass, %d fail, %d mismatch, %d inconclusive, %d skipped; %d checks; %.0f s in all, %.0f s of it cases\n%s\n",
		colour(r.Result, string(r.Result)), s.Pass, s.Fail, s.Mismatch, s.Inconclusive, s.Skipped, s.Checks, r.Durations.TotalSeconds, r.Durations.CasesSeconds, line(r.Reason))
	return err
}

type row struct {
	hop    string
	result hop.Result
	why    string
}

func rows(c Case) []row {
	if c.Result == hop.Pass {
		checks := fmt.Sprintf("%d checks", len(c.Checks))
		if count := c.OracleExpects(); count > 0 {
			checks += fmt.Sprintf(", %d expected by the oracle", count)
		}
		return []row{{checks, c.Result, c.Title}}
	}
	var all []row
	for _, check := range c.Checks {
		if check.Result != hop.Pass {
			all = append(all, row{check.String(), check.Result, check.Reason})
		}
	}
	switch {
	case c.Broken != "":
		all = append(all, row{"-", hop.Inconclusive, c.Broken})
	case len(all) == 0:
		all = append(all, row{"-", c.Result, c.Reason})
	}
	return all
}

// widest is how much of a reason has place in a table; report.json has it whole.
const widest = 300
