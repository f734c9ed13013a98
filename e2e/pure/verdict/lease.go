package verdict

import (
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// Lease is the record that owned the changes of a case, and the plaintext seen while it existed.
type Lease struct {
	Name         string    `json:"name"`
	From         time.Time `json:"from,omitzero"` // when it was taken, by the runner's clock
	LimitSeconds float64   `json:"limitSeconds"`  // after which the sweeper would have ended it
	HeldSeconds  float64   `json:"heldSeconds"`
	InTheClear   *Exposure `json:"inTheClear,omitempty"` // nil where no client with a proxy spoke plaintext
}

// Exposure is the plaintext of clients that have a proxy, while a lease existed.
type Exposure struct {
	From        time.Time       `json:"from,omitzero"`  // when the first such connection was opened, by the runner's clock
	Seconds     float64         `json:"seconds"`        // from then to when the mesh had settled without the lease
	Connections int             `json:"connections"`    // that the taps saw opened
	Open        []hop.FiveTuple `json:"open,omitempty"` // those that were not closed then
}
