package clusterpage

import (
	"cmp"
	"slices"

	"mtls.test/conformance/e2e/pure/document"
	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// answer is one thing that is known of hops to a service: those of a row, as far as all three sides say the same of them.
type answer struct {
	Row tlscheck.Row // without its hops
	tlscheck.Answer
	Lines []tlscheck.Group
}

func answersOf(row tlscheck.Row) []answer {
	groups := row.Groups()
	row.Hops, row.Reasons = nil, nil
	var all []answer
	for _, group := range groups {
		i := slices.IndexFunc(all, func(a answer) bool { return a.Answer == group.Answer })
		if i < 0 {
			i = len(all)
			all = append(all, answer{Row: row, Answer: group.Answer})
		}
		all[i].Lines = append(all[i].Lines, group)
	}
	return all
}

// cause explains why an answer is not OK; nil where it is, and where its own reason has to do.
func (a answer) cause() *explain.Cause {
	switch a.Row.Status {
	case tlscheck.Conflict:
		return explain.Find(string(a.Refusal))
	case tlscheck.Plaintext:
		return explain.Find("plaintext")
	case tlscheck.Mismatch:
		return explain.Find("mismatch")
	}
	return nil
}

// Endpoints are those of each line; none where lines differ in them.
func (a answer) Endpoints() []string {
	for _, line := range a.Lines {
		if !slices.Equal(line.Endpoints, a.Lines[0].Endpoints) {
			return nil
		}
	}
	return a.Lines[0].Endpoints
}

// Tried is true where a probe has something to say.
func (a answer) Tried() bool { return a.Observed != tlscheck.NotVerified && a.Observed != none }

// none is the text of an empty cell of tls-check.
const none = "-"

// unknownLock is the lock of hops of which it is not known what becomes of them.
const unknownLock = "unknown"

// Lock is the kind of lock of the answer's hops.
func (a answer) Lock() string { return cmp.Or(document.Lock(a.Outcome), unknownLock) }

// Says are the words of the answer's lock.
func (a answer) Says() string {
	return map[string]string{"closed": "mutual TLS", "half": "other TLS", "open": "plaintext", "broken": "refused", unknownLock: "not known"}[a.Lock()]
}
