package report

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Write prints the counts, and a line for each thing that became less.
func (c Comparison) Write(out io.Writer) error {
	fmt.Fprintf(out, "%d checks before, %d after: %d the same or more (%d more), %d new; %d losses\n",
		c.Before, c.After, c.Equal, c.More, c.Added, len(c.Losses))
	if c.Green() {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nCASE\tSTEP\tHOP\tWHAT\n")
	for _, loss := range c.Losses {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", loss.Case, loss.Step, loss.Hop, loss.What)
	}
	return table.Flush()
}
