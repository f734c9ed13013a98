package tlsdiff

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Write prints changes as a table, the weaker ones first.
func Write(to io.Writer, changes []Change) error {
	if len(changes) == 0 {
		_, err := fmt.Fprintln(to, "No change: every hop is as it was.")
		return err
	}
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, func(a, b Change) int { return slices.Index(classes, a.Class) - slices.Index(classes, b.Class) })
	table := tabwriter.NewWriter(to, 0, 0, 4, ' ', 0)
	_, _ = fmt.Fprintln(table, "CHANGE\tHOP\tWHAT\tBEFORE\tAFTER")
	for _, one := range sorted {
		what := string(one.Field)
		if what == "" {
			what = one.Why
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", one.Class, one.Key, what, text(one.Before), text(one.After))
	}
	return table.Flush()
}

// text is "-" of what did not apply, and "default" of what Envoy is left to decide.
func text(value []string) string {
	switch {
	case value == nil:
		return "-"
	case len(value) == 0:
		return "default"
	}
	return strings.Join(value, "; ")
}
