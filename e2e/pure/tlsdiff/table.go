package tlsdiff

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Write prints changes as a table, the weaker ones first, below the rows that explain some of them.
func Write(to io.Writer, changes []Change, rows []Row) error {
	if len(changes) == 0 {
		_, err := fmt.Fprintln(to, "No change: every hop is as it was.")
		return err
	}
	if err := writeRows(to, changes, rows); err != nil {
		return err
	}
	table := tabwriter.NewWriter(to, 0, 0, 4, ' ', 0)
	_, _ = fmt.Fprintln(table, "CHANGE\tHOP\tWHAT\tBEFORE\tAFTER\tROW")
	for _, one := range WorstFirst(changes) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", one.Class, one.Key, one.What(), Text(one.Field, one.Before), Text(one.Field, one.After), cmp.Or(one.Row, "-"))
	}
	return table.Flush()
}

// WorstFirst are changes with the weaker ones first.
func WorstFirst(changes []Change) []Change {
	return slices.SortedStableFunc(slices.Values(changes), func(a, b Change) int { return slices.Index(classes, a.Class) - slices.Index(classes, b.Class) })
}

// writeRows prints each row with what becomes of the changes that it explains.
func writeRows(to io.Writer, changes []Change, rows []Row) error {
	var said strings.Builder
	for _, row := range rows {
		own := only(changes, func(c Change) bool { return c.Row == row.ID })
		state := "nothing that must be accepted"
		switch {
		case slices.ContainsFunc(own, Change.Fails):
			state = "not accepted: --accept " + row.ID
		case slices.ContainsFunc(own, func(c Change) bool { return c.Accepted }):
			state = "accepted"
		}
		fmt.Fprintf(&said, "ROW %s (%s)\n    %s\n    %s\n", row.ID, state, strings.TrimSpace(row.Reason), row.Source)
	}
	if said.Len() > 0 {
		said.WriteByte('\n')
	}
	_, err := io.WriteString(to, said.String())
	return err
}

// What is the field that is another one, or else why the hop is told.
func (c Change) What() string {
	switch {
	case c.Field == "":
		return c.Why
	case c.Chain != "":
		return fmt.Sprintf("%s (SNI %s)", c.Field, c.Chain)
	}
	return string(c.Field)
}

// chosenByEnvoy are fields that Envoy fills where they are empty; of the others an empty one is none.
var chosenByEnvoy = []Field{
	ClientMinVersion, ClientMaxVersion, ClientCiphers, ClientGroups, ServerMinVersion, ServerMaxVersion, ServerCiphers, ServerGroups,
}

// Text is the value of a field as a person reads it: "-" of what did not apply.
func Text(field Field, value []string) string {
	switch {
	case value == nil:
		return "-"
	case len(value) == 0 && slices.Contains(chosenByEnvoy, field):
		return "default"
	case len(value) == 0:
		return "none"
	}
	return strings.Join(value, "; ")
}
