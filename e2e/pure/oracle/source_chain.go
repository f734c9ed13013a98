package oracle

// chainSources are those of the rules that decide what a server makes of a connection's first bytes.
var chainSources = map[Rule]Source{
	ChainNoPlaintext: {
		Documents: []Document{
			{conceptsPeer, "STRICT: Workloads only accept mutual TLS traffic."},
			{envoyFlags, "NR: No route configured for a given request in addition to 404 response code, or no matching filter chain for a downstream connection."},
		},
		Code: []string{codeChains},
	},
	// A task reads the chain of a STRICT server with openssl and no ALPN, and says nothing of ALPN.
	ChainStrictAnyALPN: {Code: []string{codeChains}, Undocumented: allOfIt, Searched: searchedChain},
	ChainPlaintext: {
		Documents: []Document{{tlsSidecars, "accept both mTLS and non-mTLS traffic, known as PERMISSIVE mode … or DISABLE, where traffic must be plaintext"}},
		Code:      []string{codeChains},
	},
	// A task offers ALPN istio to a PERMISSIVE server with openssl, and says nothing of what another ALPN does.
	ChainIstioALPN:    {Code: []string{codeChains + ", allIstioMtlsALPNs"}, Undocumented: allOfIt, Searched: searchedChain},
	ChainHTTPOtherTLS: {Code: []string{codeChains + ", inboundPermissiveHTTPFilterChainMatchWithMxcOptions"}, Undocumented: allOfIt, Searched: searchedChain},
	ChainTCPOtherTLS: {
		Documents: []Document{
			{tlsSidecars, "This traffic will always be forwarded as-is. Note that this does not mean it's always plaintext; the sidecar may pass a TLS connection through."},
			{changesOf82, "Fixed an issue causing client side application TLS requests sent to a PERMISSIVE mode enabled server to fail."},
			{changesOf10, "Fixed an issue causing simple TLS traffic to ports not exposed by a Service to be rejected by servers when in PERMISSIVE mTLS mode."},
		},
		Code: []string{codeChains + ", inboundPermissiveTCPFilterChainMatchWithMxcOptions"},
	},
	ChainDisableTLS: {
		Documents: []Document{
			{peerMode, "DISABLE: Connection is not tunneled."},
			{appRequirements + "#server-first-protocols", "Configure mTLS mode DISABLE for the server. This will disable the TLS sniffing."},
		},
		Code: []string{codeChains + ", inboundPlainTextFilterChainMatchOptions"},
	},
	ChainServerFirst: {Documents: []Document{
		{appRequirements + "#server-first-protocols", "Both of these features work by inspecting the initial bytes of a connection to determine the protocol, which is incompatible with server first protocols."},
	}},
	ChainPassThrough: {
		Documents: []Document{{upgradeTo9, "the port number is not defined in a service and the traffic will be handled by a pass through filter chain"}},
		Code:      []string{"pilot/pkg/networking/core/listener_inbound.go, buildInboundPassthroughChains"},
	},
	ChainMinVersion: {
		Documents: []Document{{minVersionTask, "The minProtocolVersion field specifies the minimum TLS version for the TLS connections among Istio workloads."}},
		Code:      []string{"pilot/pkg/security/authn/policy_applier.go, InboundMTLSSettings"},
	},
	ChainCiphers: {Documents: []Document{
		{meshReference + "#MeshConfig-TLSConfig-cipher_suites", "If specified, the TLS connection will only support the specified cipher list when negotiating TLS 1.0-1.2."},
	}},
}
