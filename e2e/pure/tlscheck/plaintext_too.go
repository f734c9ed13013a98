package tlscheck

import (
	"fmt"
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

// plaintextToo is the note on a row whose endpoints take plaintext beside mTLS, with the pods that can send it.
func plaintextToo(name string, pods []string) string {
	note := fmt.Sprintf("OK %s also takes plaintext", name)
	switch count := len(pods); {
	case count == 0:
		return note + "; the cluster has no pod without a proxy"
	case count > maxWithoutProxy:
		return fmt.Sprintf("%s, which %d pods without a proxy can send: %s, … (-o json lists them)", note, count, strings.Join(pods[:maxWithoutProxy], ", "))
	}
	return fmt.Sprintf("%s, which pods without a proxy can send: %s", note, strings.Join(pods, ", "))
}
