// Package kiali compares what a Kiali says of the mesh with what the suite saw. Kiali reads the configuration alone, so no verdict
// rests on it.
package kiali

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Statement is what a Kiali says of a namespace (its REST API, /api/mesh/tls, /api/namespaces/NAMESPACE/tls and the validations
// of /api/namespaces/NAMESPACE/istio). It has no word on a service or a workload.
type Statement struct {
	Namespace string    `json:"namespace"`
	Mesh      string    `json:"mesh,omitempty"`     // MTLS_ENABLED, MTLS_NOT_ENABLED …
	Status    string    `json:"status,omitempty"`   // of the namespace: MTLS_ENABLED, UNSET …
	Unstable  []string  `json:"unstable,omitempty"` // statuses that took turns within one look
	Findings  []Finding `json:"findings,omitempty"`
	// Unvalidated is true where it has not looked at the objects yet: no finding is then no clean bill.
	Unvalidated bool   `json:"unvalidated,omitempty"`
	Missing     string `json:"missing,omitempty"` // why it says nothing
	Differs     string `json:"differs,omitempty"` // where it says other than was seen; empty where it does not
}

// AtStep is a Kiali's statement on a namespace of servers at an expect step of a case.
type AtStep struct {
	Step int `json:"step"` // index of the step in the case
	Statement
}

// Finding is one validation that is not clean.
type Finding struct {
	Code     string `json:"code"`     // KIA0207
	Severity string `json:"severity"` // error, warning
	Object   string `json:"object"`   // KIND NAMESPACE/NAME
	Message  string `json:"message"`
}

// The words of Kiali that claim something of every hop to a namespace; MTLS_PARTIALLY_ENABLED and UNSET claim nothing.
var claims = map[string]hop.Outcome{
	"MTLS_ENABLED": hop.MTLS, "UNSET_INHERITED_STRICT": hop.MTLS, "MTLS_DISABLED": hop.Plaintext, "UNSET_INHERITED_DISABLED": hop.Plaintext,
}

// Says is Kiali's word with its findings, as text.
func (s Statement) Says() string {
	switch {
	case s.Missing != "":
		return "-"
	case len(s.Unstable) > 1:
		return "unstable: " + strings.Join(s.Unstable, ", ")
	case s.Unvalidated:
		return s.Status + ", not validated yet"
	case len(s.Findings) == 0:
		return s.Status + ", no finding"
	}
	var codes []string
	for _, finding := range s.Findings {
		if !slices.Contains(codes, finding.Code) {
			codes = append(codes, finding.Code)
		}
	}
	return s.Status + ", " + strings.Join(codes, " ")
}

// Against lays Kiali's word beside what became of hops to the namespace, by how many became what, and notes where the two
// differ: a claim that a hop contradicts, a hop that is not mutual TLS of which there is no finding, a finding of an error
// where every hop is mutual TLS.
func (s Statement) Against(seen map[hop.Outcome]int) Statement {
	s.Differs = ""
	if s.Missing != "" || len(seen) == 0 {
		return s
	}
	claim, claims := claims[s.Status]
	other := hop.Outcome("")
	for _, outcome := range []hop.Outcome{hop.Refused, hop.Plaintext, hop.MTLS} {
		if seen[outcome] > 0 && outcome != claim {
			other = outcome
			break
		}
	}
	errors := slices.ContainsFunc(s.Findings, func(f Finding) bool { return f.Severity == "error" })
	switch {
	case claims && other != "" && !errors:
		s.Differs = fmt.Sprintf("it says %s, and %d of %d hops are %s", s.Says(), seen[other], total(seen), other)
	case !claims && seen[hop.Refused] > 0 && !errors:
		s.Differs = fmt.Sprintf("it says %s, and %d of %d hops are refused", s.Says(), seen[hop.Refused], total(seen))
	case errors && seen[hop.MTLS] == total(seen):
		s.Differs = fmt.Sprintf("it says %s, and every hop is mtls", s.Says())
	}
	return s
}

func total(seen map[hop.Outcome]int) int {
	sum := 0
	for _, count := range seen {
		sum += count
	}
	return sum
}
