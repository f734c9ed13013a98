package report

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Write prints the counts, and a line for each thing that became less.
func (r Comparison) Write(out io.Writer) error {
	fmt.Fprintf(out, "%d checks before, %d after: %d the same or more (%d more), %d new; %d losses\n",
		r.Before, r.After, r.Equal, r.More, r.Added, len(r.Losses))
	if r.Green() {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nCASE\tSTEP\tHOP\tWHAT\n")
	for _, loss := range r.Losses {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", loss.Case, loss.Step, loss.Hop, loss.What)
	}
	return table.Flush()
}
