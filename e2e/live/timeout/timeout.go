// Package timeout has the time limit of every wait of the suite, in one table with a reason for each. One factor scales
// them all. A poll interval is not a time limit, nor is a time that is itself under test: the length of a lease, the validity
// of a certificate, the times of the lock of a cluster.
package timeout

import (
	"slices"
	"time"
)

// Limit is how long something is waited for.
type Limit struct {
	name   string
	value  time.Duration // at factor 1
	reason string
}

// all has every limit, in the order of the table.
var all []Limit

// limit adds a limit to the table.
func limit(name string, value time.Duration, reason string) Limit {
	l := Limit{name: name, value: value, reason: reason}
	all = append(all, l)
	return l
}

// All returns every limit, in the order of the table.
func All() []Limit { return slices.Clone(all) }

// Duration is the limit times the factor, in whole milliseconds.
func (l Limit) Duration() time.Duration {
	return time.Duration(float64(l.value) * float64(factor)).Round(time.Millisecond)
}

// Millis is Duration in milliseconds, the unit of a request to the agent.
func (l Limit) Millis() int { return int(l.Duration().Milliseconds()) }

// String is Duration, as an error prints it.
func (l Limit) String() string { return l.Duration().String() }
