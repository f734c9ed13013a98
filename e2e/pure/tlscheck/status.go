// Package tlscheck says of each service port whether the hops to it are mutual TLS, in the table of `istioctl authn
// tls-check`, which Istio 1.6 removed. It looks at what the policies ask for, at what both proxies are configured to do
// and, where there was a probe, at what was observed; it takes values and knows no cluster.
package tlscheck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Status is the word on a hop, and on the hops of a row.
type Status string

// The statuses, from the best to the worst.
const (
	OK        Status = "OK"        // they talk, and not in the clear
	Plaintext Status = "PLAINTEXT" // they talk in the clear
	Unknown   Status = "UNKNOWN"   // it cannot be told; the reason stands below the table
	Conflict  Status = "CONFLICT"  // they cannot talk
	Mismatch  Status = "MISMATCH"  // the proxies do other than the policies ask, or than was observed
)

var order = []Status{OK, Plaintext, Unknown, Conflict, Mismatch}

func worse(a, b Status) int { return cmp.Compare(slices.Index(order, a), slices.Index(order, b)) }

const (
	notMutual    = "TLS, and not mutual: "
	noDifference = ""
)

// judge gives a hop its status, with the reason for any but a plain OK.
func (h Hop) judge() (Status, string) {
	asked := h.Asked
	switch {
	case h.differs() != noDifference:
		return Mismatch, h.differs()
	case h.Unknown != "":
		return Unknown, h.Unknown
	case asked.Says == "":
		return Unknown, asked.Why
	case h.Configured != nil && h.Configured.Missing != "":
		return Unknown, h.Configured.Missing
	case h.Configured != nil && h.Configured.Says == "":
		return Unknown, h.Configured.Why
	case h.Observed != nil && h.Observed.MTLS == "" && asked.Says == hop.MTLS:
		return Unknown, "the probe could not tell whether the server takes mTLS: " + h.Observed.Why
	}
	switch asked.Says {
	case hop.MTLS:
		return OK, ""
	case hop.Plaintext:
		return Plaintext, h.why()
	case hop.Refused:
		return Conflict, fmt.Sprintf("%s: %s", asked.Refusal, h.why())
	}
	return OK, notMutual + h.why()
}

// why is the oracle's reason, with the object that decides the client's mode where it is no DestinationRule, which has a column.
func (h Hop) why() string {
	object := h.Asked.Client.Object
	if object == "" || ruleCell(object) != none || strings.Contains(h.Asked.Why, object) {
		return h.Asked.Why
	}
	return fmt.Sprintf("%s; the client is %s by %s", h.Asked.Why, h.Asked.Client.Mode, object)
}

// differs tells how the proxies do other than the policies ask, or the server than it was observed to.
func (h Hop) differs() string {
	if len(h.Differs) > 0 {
		return strings.Join(h.Differs, "; ")
	}
	if h.Configured != nil {
		if why := h.Configured.differs(h.Asked); why != noDifference {
			return why
		}
	}
	if h.Observed != nil {
		return h.Observed.differs(h.Asked.Server.Mode)
	}
	return noDifference
}

// Worse is the worse of two statuses.
func Worse(a, b Status) Status { return slices.MaxFunc([]Status{a, b}, worse) }
