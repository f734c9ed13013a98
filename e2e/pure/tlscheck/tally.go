package tlscheck

import "maps"

// The exit codes of a command that checks.
const (
	ExitOK      = 0
	ExitNotOK   = 1 // something is CONFLICT, MISMATCH or PLAINTEXT
	ExitUnknown = 2 // else something is UNKNOWN, or there is no row
	ExitUsage   = 3
)

// Tally counts what a check has found.
type Tally struct {
	Rows           map[Status]int `json:"rows"`
	AlsoPlaintext  int            `json:"alsoPlaintext,omitempty"`  // rows that are OK, and whose endpoints take plaintext as well
	Unknown        int            `json:"unknown,omitempty"`        // hops that cannot be told
	UnknownAmbient int            `json:"unknownAmbient,omitempty"` // of these, those that are of ambient mode

	ambient map[Status]int // rows of ambient mode
}

// Gate is what an exit code demands beyond what the statuses mean.
type Gate struct {
	RequireStrict bool // a row whose endpoints take plaintext beside mTLS is not OK
	IgnoreAmbient bool // rows of ambient mode do not count
}

// Add counts the rows of a host.
func (t *Tally) Add(host Host) {
	if t.Rows == nil {
		t.Rows, t.ambient = map[Status]int{}, map[Status]int{}
	}
	for _, row := range host.Rows {
		t.Rows[row.Status]++
		if row.Ambient {
			t.ambient[row.Status]++
		}
		if row.AlsoPlaintext {
			t.AlsoPlaintext++
		}
		if row.Status != Unknown {
			continue
		}
		t.Unknown += len(row.Hops)
		if row.Ambient {
			t.UnknownAmbient += len(row.Hops)
		}
	}
}

// Empty reports whether there was no row.
func (t Tally) Empty() bool { return len(t.Rows) == 0 }

// ExitCode is the exit code of a command that found these rows. Where no row counts, nothing was checked, and nothing is known.
func (t Tally) ExitCode(gate Gate) int {
	counted, rows := t.counted(gate)
	switch {
	case counted[Conflict]+counted[Mismatch]+counted[Plaintext] > 0, t.tooLoose(gate):
		return ExitNotOK
	case rows == 0, counted[Unknown] > 0:
		return ExitUnknown
	}
	return ExitOK
}

// ExitCodeOfChanges is that of a command that compares these rows with earlier ones, by the exit code of what has changed.
func (t Tally) ExitCodeOfChanges(gate Gate, changes int) int {
	_, rows := t.counted(gate)
	switch {
	case changes == ExitNotOK, t.tooLoose(gate):
		return ExitNotOK
	case rows == 0:
		return ExitUnknown
	}
	return changes
}

// tooLoose reports whether endpoints take plaintext that must not.
func (t Tally) tooLoose(gate Gate) bool { return gate.RequireStrict && t.AlsoPlaintext > 0 }

// counted are the rows that count by their statuses, and how many these are.
func (t Tally) counted(gate Gate) (counted map[Status]int, rows int) {
	counted = maps.Clone(t.Rows)
	for status := range counted {
		if gate.IgnoreAmbient {
			counted[status] -= t.ambient[status]
		}
		rows += counted[status]
	}
	return counted, rows
}
