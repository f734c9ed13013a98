package oracle

// serverSources are those of the rules that decide a server's mode.
var serverSources = map[Rule]Source{
	ServerDefault: {Documents: []Document{
		{tlsSidecars, "By default, the sidecar will be configured to accept both mTLS and non-mTLS traffic, known as PERMISSIVE mode."},
	}},
	ServerMesh: {Documents: []Document{
		{conceptsSelector, "Mesh-wide policy: A policy specified for the root namespace without or with an empty selector field."},
	}},
	ServerNamespace: {Documents: []Document{
		{conceptsSelector, "Istio applies the narrowest matching policy for each workload: workload-specific, namespace-wide, mesh-wide."},
	}},
	ServerWorkload: {Documents: []Document{
		{conceptsSelector, "Istio applies the narrowest matching policy for each workload: workload-specific, namespace-wide, mesh-wide."},
	}},
	ServerPort: {
		Documents: []Document{{peerReference, "Policy that enables strict mTLS for all finance workloads, but leaves the port 8080 to plaintext."}},
		Code:      []string{codeCompose},
	},
	// UNSET is "Inherit from parent, if has one", and no page says what the parent of a port is.
	ServerPortUnset: {Code: []string{codeCompose}, Undocumented: allOfIt, Searched: searchedPeer},
	ServerPortByWorkload: {
		Documents: []Document{{peerPorts, "The port refers to the port of the workload, not the port of the Kubernetes service."}},
		Code:      []string{"pilot/pkg/networking/core/listener_inbound.go, ForPort(cc.port.TargetPort)"},
	},
	ServerPortNoService: {
		Documents: []Document{{upgradeTo9, "Now the per-port-level setting will be supported even if the port number is not defined in a service, a special pass through filter chain will be added."}},
		Code:      []string{"pilot/pkg/networking/plugin/authn/authentication.go, ForPassthrough"},
		Against:   []Document{{conceptsPeer, "You can only use ports that workloads have claimed for port-wide mutual TLS configuration. … works only because the service configuration below bound the requests"}},
	},
	ServerUnsetMesh: {
		Documents: []Document{{conceptsPeer, "Mesh-wide peer authentication policies with an unset mode use the PERMISSIVE mode by default."}},
		Code:      []string{"pilot/pkg/model/authentication.go, addPeerAuthentication"},
	},
	ServerUnsetMeshInherits: {Documents: []Document{
		{peerMode, "UNSET: Inherit from parent, if has one."},
	}},
	ServerUnsetNamespaceInherits: {Documents: []Document{
		{peerMode, "UNSET: Inherit from parent, if has one."},
	}},
	ServerUnsetDefaultInherits: {Documents: []Document{
		{peerMode, "UNSET: Inherit from parent, if has one. Otherwise treated as PERMISSIVE."},
	}},
	ServerOldest: {
		Documents: []Document{{conceptsSelector, "Istio ignores the newer policies. When more than one workload-specific peer authentication policy matches, Istio picks the oldest one."}},
		Code:      []string{codeCompose},
	},
	ServerTie: {
		Code:         []string{"pilot/pkg/model/config.go, configCompareByCreationTime"},
		Undocumented: allOfIt, Searched: searchedPeer,
	},
	ServerRootSelector: {
		Documents: []Document{{peerReference, "PeerAuthentication policies with workload selectors are ignored when deployed in the root namespace."}},
		Code:      []string{"pilot/pkg/security/authn/policy_applier.go, cfg.Namespace != rootNamespace"},
		Against:   []Document{{peerSelector, "If the policy is in the root namespace, the selector will additionally match with workloads in all namespace."}},
	},
	ServerNoProxy: {Documents: []Document{
		{peerReference, "PeerAuthentication determines whether or not mTLS is allowed or required for connections to an Envoy proxy sidecar."},
	}},
	ServerBypassed: {Documents: []Document{
		{annotations, "A comma separated list of inbound ports to be excluded from redirection to Envoy."},
		{annotations, "A comma separated list of inbound ports for which traffic is to be redirected to Envoy. … An empty list will disable all inbound redirection."},
		{meshReference + "#ProxyConfig-InboundInterceptionMode", "The NONE mode does not configure redirect to Envoy at all. This is an advanced configuration that typically requires changes to user applications."},
	}},
	ServerAmbient: {Documents: []Document{
		{"https://istio.io/latest/docs/ambient/architecture/traffic-redirection/", "traffic redirection refers to data plane functionality that intercepts traffic sent to and from ambient-enabled workloads, routing it through the ztunnel node proxies"},
	}},
	ServerGateway: {Documents: []Document{
		{gatewayReference + "#ServerTLSSettings-mode", "Indicates whether connections to this port should be secured using TLS. The value of this field determines how TLS is enforced."},
		{tlsConfiguration + "#inbound", "This is done based on the server configuration in a Gateway resource."},
	}},
}
