package clusterpage

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/tlscheck"
)

// headline says in one sentence how many hops are mutual TLS, how many are not, and of how many it is not known.
func headline(t totals) string {
	mutual, unknown := t.locks["closed"], t.locks[unknownLock]
	other := t.Hops - mutual - unknown
	var text string
	switch {
	case t.Hops == 0:
		return "Nothing was checked: no client has a way to a service."
	case mutual == t.Hops:
		text = fmt.Sprintf("All of %s are mutual TLS", plural(t.Hops, "hop"))
		if t.Hops == 1 {
			text = "The one hop is mutual TLS"
		}
	default:
		text = fmt.Sprintf("Of %s %s mutual TLS", plural(t.Hops, "hop"), are(mutual))
		if other > 0 && unknown > 0 {
			text += fmt.Sprintf(", %s not", are(other))
		} else if other > 0 {
			text += fmt.Sprintf(" and %s not", are(other))
		}
		if unknown > 0 {
			text += fmt.Sprintf(", and of %s it is not known, so that %s not count as OK", number(unknown), itDoes(unknown))
		}
	}
	if differ := t.statuses[tlscheck.Mismatch]; differ > 0 {
		text += fmt.Sprintf("; %s set up otherwise than the policies ask", are(differ))
	}
	return text + "."
}

func are(count int) string {
	switch count {
	case 0:
		return "none is"
	case 1:
		return "1 is"
	}
	return number(count) + " are"
}

func itDoes(count int) string {
	if count == 1 {
		return "it does"
	}
	return "they do"
}
