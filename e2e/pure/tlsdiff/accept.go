package tlsdiff

import (
	"slices"
	"strings"
)

// Accept marks the changes that rows explain whose ids are given, and returns the ids that no change has.
func Accept(changes []Change, ids []string) (unused []string) {
	for _, id := range ids {
		found := false
		for i := range changes {
			if changes[i].Row == id {
				changes[i].Accepted, found = true, true
			}
		}
		if !found {
			unused = append(unused, id)
		}
	}
	return unused
}

// Fails reports whether a change is one that a reader must look at: for the worse and not accepted, or unexplained. That a row
// explains a refusal of what was served is no reason to pass over it.
func (c Change) Fails() bool {
	switch {
	case c.Accepted:
		return false
	case c.Class == Weaker, c.Class == Unexplained:
		return true
	}
	return c.Row != "" && c.Field == Outcome && refuses(c.After) && !refuses(c.Before)
}

func refuses(outcome []string) bool { return strings.HasPrefix(strings.Join(outcome, ""), "refused") }

// Told are the rows that explain changes, those that fail first.
func (e Expected) Told(changes []Change) []Row {
	var fail, rest []Row
	for _, row := range e {
		own := only(changes, func(c Change) bool { return c.Row == row.ID })
		switch {
		case slices.ContainsFunc(own, Change.Fails):
			fail = append(fail, row)
		case len(own) > 0:
			rest = append(rest, row)
		}
	}
	return append(fail, rest...)
}
