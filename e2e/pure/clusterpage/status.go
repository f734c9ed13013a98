package clusterpage

import (
	"slices"

	"mtls.test/conformance/e2e/pure/tlscheck"
)

// Word is a status as the page shows and explains it.
type word struct {
	Status tlscheck.Status
	Symbol string // tells it without colour
	Class  string // of the document's style
	Means  string
	Do     string // where no cause says what to do
}

// noRow is the status of a service without a row.
const noRow tlscheck.Status = "NO CLIENT"

// words are the statuses, the worst first.
var words = []word{
	{tlscheck.Mismatch, "≠", "mismatch", "The proxies do other than the policies ask, or than a probe has observed.", ""},
	{tlscheck.Conflict, "✗", "fail", "The two ends cannot talk.", ""},
	{tlscheck.Unknown, "?", "inconclusive", "It cannot be told, and so it does not count as OK.", "Its reason names what is missing: a permission, a proxy that did not answer, or something that tls-check does not evaluate."},
	{tlscheck.Plaintext, "!", "inconclusive", "The two ends talk in the clear.", ""},
	{noRow, "–", "skipped", "No proxy is a client of the service, so nothing was checked.", ""},
	{tlscheck.OK, "✓", "pass", "The two ends talk, and not in the clear.", ""},
}

// rank is the place of a status among the words.
func rank(status tlscheck.Status) int {
	return slices.IndexFunc(words, func(w word) bool { return w.Status == status })
}

func symbol(status tlscheck.Status) string { return words[rank(status)].Symbol }

func class(status tlscheck.Status) string { return words[rank(status)].Class }
