// Package oracle derives from policies the outcome of a hop, without Istio's code. Each rule names its Source: the documents
// that state it or, where no document does, the file of istiod that states it. Where documents state the rule, a mistake in
// istiod is found. Where only istiod's source does, the oracle shares the mistake.
package oracle

import (
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// Question is one hop as it will be tried.
type Question struct {
	// Client is a workload of the snapshot: the suite's name of it, NAME, or NAMESPACE/NAME where a name stands twice.
	Client string
	// To is the server; its service may be NAME, NAME.NAMESPACE or a whole host.
	To hop.ServicePort
	// Reaches is the service port that the client's routes lead the request to from To; the zero value for To itself, whatever
	// the routes are.
	Reaches hop.ServicePort
	// Subset is the subset that the client's route names.
	Subset string
	// Routed is true where a route of the client's proxy names To: what the client's Sidecar lists does not count then, for the
	// route brings the service (istio/istio pilot/pkg/model/sidecar.go, collectImportedServices).
	Routed bool
	// Offer is what a TLS client of our own offers; nil when the client's application speaks for itself.
	Offer *Offer
	// As is the protocol that the application speaks where the port does not declare it; empty for the declared protocol.
	As hop.Protocol
}

// Mode is the mTLS mode of one end of a hop.
type Mode string

// The modes of a server (PeerAuthentication) and of a client (ClientTLSSettings).
const (
	Strict      Mode = "STRICT"
	Permissive  Mode = "PERMISSIVE"
	Disable     Mode = "DISABLE"
	Simple      Mode = "SIMPLE"
	Mutual      Mode = "MUTUAL"
	IstioMutual Mode = "ISTIO_MUTUAL"
	// Auto is a client without a rule's TLS settings: auto-mTLS decides for each endpoint.
	Auto Mode = "AUTO"
	// NoProxy is an end without a proxy: its application speaks for itself.
	NoProxy Mode = "NONE"
)

// Answer is what the policies ask of a hop.
type Answer struct {
	// Says is the outcome; empty when the policies do not decide it, and Why tells what is missing.
	Says    hop.Outcome `json:"says,omitempty"`
	Refusal hop.Refusal `json:"refusal,omitempty"`
	Why     string      `json:"why"`
	Server  Server      `json:"server"`
	Client  Client      `json:"client"`
	// Rules are the named rules that were used, sorted.
	Rules []Rule `json:"rules"`
	// Identities are what the two ends prove to each other.
	Identities Identities `json:"identities,omitzero"`
}

// Server is the server's end: its mode, and the policy that decided it.
type Server struct {
	Mode   Mode   `json:"mode"`
	Policy string `json:"policy,omitempty"` // KIND NAMESPACE/NAME; empty for the default
	Rule   Rule   `json:"rule"`
}

// Client is the client's end: its mode, and the object that decided it.
type Client struct {
	Mode   Mode   `json:"mode"`
	Object string `json:"object,omitempty"` // KIND NAMESPACE/NAME; empty for auto-mTLS
	Rule   Rule   `json:"rule"`
}

// Identities are the SPIFFE IDs of the two ends, where the outcome is mTLS, and the DNS names in the certificate of a server
// that is known by names, where the outcome is TLS of any kind: an application's own, or a gateway's credential.
type Identities struct {
	Client      hop.Identity `json:"client,omitempty"`
	Server      hop.Identity `json:"server,omitempty"`
	ServerNames []string     `json:"serverNames,omitempty"`
}

// usedRules is the set of rules that led to an answer.
type usedRules map[Rule]bool

func (u usedRules) use(rules ...Rule) {
	for _, rule := range rules {
		u[rule] = true
	}
}

func (u usedRules) sorted() []Rule {
	rules := make([]Rule, 0, len(u))
	for rule := range u {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	return rules
}
