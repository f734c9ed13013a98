package tlscheck

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// takesPlaintextToo reports whether the endpoint of a hop of mTLS takes plaintext as well: by its policies, for PERMISSIVE
// takes both (https://istio.io/latest/docs/concepts/security/#permissive-mode).
func (h Hop) takesPlaintextToo() bool {
	return h.Status == OK && h.Asked.Says == hop.MTLS && h.Asked.Server.Mode == oracle.Permissive
}

// maxWithoutProxy bounds the pods without a proxy that a table names.
const maxWithoutProxy = 3

// plaintextSenders is the note on the pods that can send plaintext to the endpoints that take it beside mTLS.
func plaintextSenders(pods []string) string {
	switch count := len(pods); {
	case count == 0:
		return "no pod without a proxy can send plaintext: the cluster has none"
	case count > maxWithoutProxy:
		return fmt.Sprintf("%d pods without a proxy can send plaintext: %s, … (-o json lists them)", count, strings.Join(pods[:maxWithoutProxy], ", "))
	}
	return "pods without a proxy that can send plaintext: " + strings.Join(pods, ", ")
}

// distinct joins two lists of names, sorted, each name once.
func distinct(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
