package tlscheck

// The exit codes of a command that checks.
const (
	ExitOK      = 0
	ExitNotOK   = 1 // something is CONFLICT, MISMATCH or PLAINTEXT
	ExitUnknown = 2 // else something is UNKNOWN, or there is no row
	ExitUsage   = 3
)

// Tally counts what a check has found.
type Tally struct {
	Rows          map[Status]int `json:"rows"`
	AlsoPlaintext int            `json:"alsoPlaintext,omitempty"` // rows that are OK, and whose endpoints take plaintext as well
}

// Add counts the rows of a host.
func (t *Tally) Add(host Host) {
	if t.Rows == nil {
		t.Rows = map[Status]int{}
	}
	for _, row := range host.Rows {
		t.Rows[row.Status]++
		if row.AlsoPlaintext {
			t.AlsoPlaintext++
		}
	}
}

// Empty reports whether there was no row.
func (t Tally) Empty() bool { return len(t.Rows) == 0 }

// ExitCode is the exit code of a command that found these rows. Without a row nothing was checked, and nothing is known. With
// requireStrict a row whose endpoints take plaintext beside mTLS is not OK.
func (t Tally) ExitCode(requireStrict bool) int {
	switch {
	case t.Rows[Conflict]+t.Rows[Mismatch]+t.Rows[Plaintext] > 0, requireStrict && t.AlsoPlaintext > 0:
		return ExitNotOK
	case t.Empty(), t.Rows[Unknown] > 0:
		return ExitUnknown
	}
	return ExitOK
}
