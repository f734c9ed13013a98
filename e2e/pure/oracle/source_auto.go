package oracle

// autoSources are those of the rules of auto-mTLS and of what stands behind a service's name.
var autoSources = map[Rule]Source{
	AutoOff: {Documents: []Document{
		{meshAuto, "This flag is used to enable mutual TLS automatically for service to service communication within the mesh, default true."},
	}},
	AutoClusters: {
		Documents:    []Document{{meshAuto, "If upstream service is in plain text mode, use plain text."}},
		Code:         []string{codeInfer},
		Undocumented: "that the policy of a workload does not count here", Searched: searchedAuto,
	},
	AutoEndpoints: {
		Documents: []Document{
			{meshAuto, "If the upstream authentication policy is in PERMISSIVE mode, Istio configures clients to use mutual TLS when server sides are capable of accepting mutual TLS traffic."},
			{changesOf12, "Added Auto mTLS support for workload level peer authentication."},
		},
		Code: []string{codeEndpoints},
	},
	AutoDisagree: {
		Code:         []string{"pilot/pkg/networking/core/cluster_tls.go, applyUpstreamTLSSettings"},
		Undocumented: allOfIt, Searched: searchedAuto,
		Against: []Document{
			{meshAuto, "If the upstream authentication policy is in STRICT mode, use Istio provisioned certificate for mutual TLS to connect to upstream."},
			{changesOf12, "You no longer need to configure destination rule when servers are configured with workload level peer authentication policy."},
		},
	},
	AutoRuleEndpoints: {
		Code:         []string{"pilot/pkg/xds/endpoints/mtls_checker.go, trafficPolicyTLSModeForPort"},
		Undocumented: allOfIt, Searched: searchedAuto,
		Against: []Document{{rulePorts, "Traffic settings specified at the destination-level will not be inherited when overridden by port-level settings, i.e. default values will be applied to fields omitted."}},
	},
	// https://github.com/istio/istio/pull/60792 ended it, with 1.31.
	AutoSubsetAlone: {
		Code:         []string{"pilot/pkg/xds/endpoints/mtls_checker.go, tlsModeForDestinationRule"},
		Undocumented: allOfIt, Searched: searchedAuto,
	},
	AutoAllOrNothing: {
		Documents:    []Document{{changesOf10, "Fixed an issue where services with PASSTHROUGH load balancing were always sent mTLS traffic, even if the destinations did not support mTLS."}},
		Code:         []string{"pilot/pkg/networking/core/cluster_tls.go, ORIGINAL_DST"},
		Undocumented: "that one endpoint without mTLS decides for all, and that the policies of the workloads do not count", Searched: searchedAuto,
	},
	AutoNoEndpoints: {Code: []string{codeInfer}, Undocumented: allOfIt, Searched: searchedAuto},
	TLSModeLabel: {
		Documents: []Document{
			{labels, "Specifies the TLS mode supported by a sidecar proxy. … Clients injected with sidecar proxies will opportunistically use this label to determine whether or not to secure the traffic to this workload using Istio mutual TLS."},
			{tlsAuto, "only send plaintext to workloads that are not part of the mesh (i.e., ones without sidecars)"},
		},
		Code: []string{codeLabel},
	},
	GatewayNoLabel: {
		Code:         []string{"manifests/charts/gateway/templates/deployment.yaml", codeLabel},
		Undocumented: allOfIt, Searched: append([]Page{gatewayReference, gatewaySetup}, searchedAuto...),
	},
	// The setting PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES is documented, and not what its default does.
	ServiceHeadless:        {Code: []string{codeResolve}, Undocumented: allOfIt, Searched: searchedAuto},
	ServiceHeadlessGateway: {Code: []string{codeResolve}, Undocumented: allOfIt, Searched: append([]Page{gatewaySetup}, searchedAuto...)},
	ServiceAlias: {
		Documents: []Document{{upgradeTo21 + "#externalname-support-changes", "ExternalNames are now simply treated as aliases. … DestinationRule can no longer apply to ExternalName services."}},
		Code:      []string{"pilot/pkg/serviceregistry/kube/conversion.go, Alias"},
	},
	PassthroughLB: {
		Documents: []Document{{ruleReference + "#LoadBalancerSettings-SimpleLB-PASSTHROUGH", "This option will forward the connection to the original IP address requested by the caller without doing any form of load balancing."}},
		Code:      []string{"pilot/pkg/networking/core/cluster_traffic_policy.go, applyLoadBalancer"},
	},
	EntryExternal: {
		Documents: []Document{{serviceEntryOf24, "When communicating with services outside the mesh, Istio's mTLS authentication is disabled"}},
		Code:      []string{codeInfer},
	},
	EntryInternal: {Documents: []Document{
		{entryReference + "#ServiceEntry-Location-MESH_INTERNAL", "Signifies that the service is part of the mesh."},
	}},
	EntryEndpointMode: {
		Documents:    []Document{{workloadReference + "#WorkloadEntry-service_account", "The service account associated with the workload if a sidecar is present in the workload."}},
		Code:         []string{"pilot/pkg/serviceregistry/serviceentry/conversion.go, getTLSModeFromWorkloadEntry"},
		Undocumented: "that a service account makes the endpoint take mTLS, and that the label stands above it", Searched: append([]Page{workloadReference}, searchedAuto...),
	},
	EntryByPort: {Documents: []Document{
		{entryReference + "#ServiceEntry-addresses", "If the Addresses field is empty, traffic will be identified solely based on the destination port."},
		{routing + "#serviceentry", "for Service Entries without any addresses, all IPs on the port will be matched"},
	}},
	PassthroughCluster: {
		Documents: []Document{{routingUnmatched, "By default, these requests will be forwarded as-is … when these requests are forwarded, mutual TLS will not be used"}},
		Code:      []string{"pilot/pkg/networking/core/cluster_builder.go, buildDefaultPassthroughCluster"},
	},
	RegistryOnly: {Documents: []Document{
		{meshReference + "#MeshConfig-OutboundTrafficPolicy-Mode-REGISTRY_ONLY", "In REGISTRY_ONLY mode, unknown outbound traffic will be dropped."},
	}},
	GatewayNoPassthrough: {
		Code:         []string{"pilot/pkg/networking/core/cluster.go, BuildClusters"},
		Undocumented: allOfIt, Searched: []Page{routing, scoping, gatewayReference, gatewaySetup, meshReference, tlsConfiguration, releaseNotes},
	},
}
