// Package history keeps what runs came to, one line for each case of each run, and says what is different from one run to the next.
package history

import (
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// Line is one case of one run: a line of history.jsonl.
type Line struct {
	Run     string     `json:"run"`  // id of the run, or of the workflow's run that all cells are of
	Cell    string     `json:"cell"` // part of the run: job and versions, as full istio-1.31 kubernetes-1.36
	Case    string     `json:"case"` // or mutant or fault, as reports name them; empty of the cell as a whole
	Attempt int        `json:"attempt"`
	Began   time.Time  `json:"began"` // the run
	Verdict hop.Result `json:"verdict"`
	Reason  string     `json:"reason,omitempty"` // of a verdict that is not PASS
	Rerun   string     `json:"rerun,omitempty"`  // the command that runs the case again
	Seconds float64    `json:"seconds"`
	On      Ground     `json:"on"`
}

// Ground is what a run stood on. Verdicts that differ on the same ground are the case's own doing.
type Ground struct {
	Suite      string `json:"suite"` // commit
	Istio      string `json:"istio"`
	Digests    string `json:"digests,omitempty"` // of the images, as one hash; empty where images were built
	Kubernetes string `json:"kubernetes"`
	Envoy      string `json:"envoy,omitempty"` // empty of a run that ended before its images were known
	Profile    string `json:"profile"`
	Lane       string `json:"lane"`
	Settings   string `json:"settings"` // of the run, as one hash
	Machine    string `json:"machine"`
}

// key says of which case, attempt and run a line is. There is one line of each.
type key struct {
	run, cell, id string
	attempt       int
}

func (l Line) key() key { return key{l.Run, l.Cell, l.Case, l.Attempt} }

// red tells whether a line needs a person.
func (l Line) red() bool { return l.Verdict != hop.Pass && l.Verdict != hop.Skipped }
