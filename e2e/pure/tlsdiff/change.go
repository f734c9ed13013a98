package tlsdiff

import "slices"

// Class is what a change does to a hop.
type Class string

// The classes.
const (
	// Weaker lets through what was not let through before, or protects less.
	Weaker Class = "weaker"
	// Unexplained is a change that matters and is neither for the better nor for the worse.
	Unexplained Class = "unexplained"
	// Unknown is what could not be told at one of the moments.
	Unknown Class = "unknown"
	// AsExpected is what would be unexplained, and what a row of expected changes explains.
	AsExpected Class = "expected"
	// Stronger is the opposite of weaker.
	Stronger Class = "stronger"
)

// classes are the classes, the worst first.
var classes = []Class{Weaker, Unexplained, Unknown, AsExpected, Stronger}

// Change is one field of a hop that is another one.
type Change struct {
	Key
	Field    Field    `json:"field,omitempty"` // empty of a hop that came or went
	Chain    string   `json:"chain,omitempty"` // the SNI of the server's filter chains that it is of; empty of those for any
	Before   []string `json:"before"`          // null where the field did not apply, or the hop was not there; empty of one without a value
	After    []string `json:"after"`
	Class    Class    `json:"class"`
	Why      string   `json:"why,omitempty"`
	Row      string   `json:"row,omitempty"`      // the id of the row of expected changes that explains it
	Accepted bool     `json:"accepted,omitempty"` // that row was accepted
	Ambient  bool     `json:"ambient,omitempty"`  // the hop is of ambient mode
}

// like reports whether two changes of one hop say the same.
func (c Change) like(other Change) bool {
	return c.Field == other.Field && c.Chain == other.Chain && c.Why == other.Why && c.Row == other.Row &&
		slices.Equal(c.Before, other.Before) && slices.Equal(c.After, other.After)
}
