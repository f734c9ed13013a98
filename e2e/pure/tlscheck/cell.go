package tlscheck

import (
	"cmp"
	"strings"

	"mtls.test/conformance/e2e/pure/oracle"
)

// none is the text of an empty cell.
const none = "-"

func cell(text string) string { return cmp.Or(text, none) }

// clientCell calls Istio's own TLS ISTIO, as tls-check did.
func clientCell(mode oracle.Mode) string {
	if mode == oracle.IstioMutual {
		return "ISTIO"
	}
	return cell(string(mode))
}

// policyCell is NAMESPACE/ of a policy for a whole namespace, or for the mesh by its root namespace, NAMESPACE/NAME of any
// other. A gateway's server is no policy.
func policyCell(server oracle.Server) string {
	if server.Rule == oracle.ServerGateway {
		return none
	}
	object := objectCell(server.Policy)
	if server.Rule == oracle.ServerMesh || server.Rule == oracle.ServerNamespace {
		namespace, _, _ := strings.Cut(object, "/")
		return namespace + "/"
	}
	return object
}

// ruleCell names a DestinationRule. What else decides a client's mode, such as the Sidecar that hides a service or a
// BackendTLSPolicy, is named in the reason.
func ruleCell(object string) string {
	if !strings.HasPrefix(object, "DestinationRule ") {
		return none
	}
	return objectCell(object)
}

// objectCell leaves the kind out.
func objectCell(object string) string {
	_, name, _ := strings.Cut(object, " ")
	return cell(name)
}
