// Package kiali holds what others say of the mesh beside the suite: a view of the configuration, to be laid beside what
// was seen, and never an oracle.
package kiali

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Kiali is what a Kiali says of a namespace (its REST API, /api/mesh/tls, /api/namespaces/NAMESPACE/tls and the validations
// of /api/namespaces/NAMESPACE/istio). It has no word on a service or a workload.
type Kiali struct {
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
func (k Kiali) Says() string {
	switch {
	case k.Missing != "":
		return "-"
	case len(k.Unstable) > 1:
		return "unstable: " + strings.Join(k.Unstable, ", ")
	case k.Unvalidated:
		return k.Status + ", not validated yet"
	case len(k.Findings) == 0:
		return k.Status + ", no finding"
	}
	var codes []string
	for _, finding := range k.Findings {
		if !slices.Contains(codes, finding.Code) {
			codes = append(codes, finding.Code)
		}
	}
	return k.Status + ", " + strings.Join(codes, " ")
}

// Against lays Kiali's word beside what became of hops to the namespace, by how many became what, and notes where the two
// differ: a claim that a hop contradicts, a hop that is not mutual TLS of which there is no finding, a finding of an error
// where every hop is mutual TLS.
func (k Kiali) Against(seen map[hop.Outcome]int) Kiali {
	k.Differs = ""
	if k.Missing != "" || len(seen) == 0 {
		return k
	}
	claim, claims := claims[k.Status]
	other := hop.Outcome("")
	for _, outcome := range []hop.Outcome{hop.Refused, hop.Plaintext, hop.MTLS} {
		if seen[outcome] > 0 && outcome != claim {
			other = outcome
			break
		}
	}
	errors := slices.ContainsFunc(k.Findings, func(f Finding) bool { return f.Severity == "error" })
	switch {
	case claims && other != "" && !errors:
		k.Differs = fmt.Sprintf("it says %s, and %d of %d hops are %s", k.Says(), seen[other], total(seen), other)
	case !claims && seen[hop.Refused] > 0 && !errors:
		k.Differs = fmt.Sprintf("it says %s, and %d of %d hops are refused", k.Says(), seen[hop.Refused], total(seen))
	case errors && seen[hop.MTLS] == total(seen):
		k.Differs = fmt.Sprintf("it says %s, and every hop is mtls", k.Says())
	}
	return k
}

func total(seen map[hop.Outcome]int) int {
	sum := 0
	for _, count := range seen {
		sum += count
	}
	return sum
}
