package document

import "mtls.test/conformance/e2e/pure/hop"

// Locks are the kinds of lock in their order, by the names of their symbols: closed is mutual TLS, half is other TLS, open is
// plaintext, broken is a refusal.
var Locks = []string{"closed", "half", "open", "broken"}

// Lock is the kind of lock of an outcome; empty where it has none.
func Lock(outcome hop.Outcome) string {
	switch outcome {
	case hop.MTLS:
		return "closed"
	case hop.OneWayTLS, hop.AppTLS, hop.Encrypted:
		return "half"
	case hop.Plaintext:
		return "open"
	case hop.Refused, hop.Cut:
		return "broken"
	}
	return ""
}
