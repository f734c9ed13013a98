package oracle

// sidecarSources are those of the rules of what a proxy knows.
var sidecarSources = map[Rule]Source{
	SidecarSelector: {
		Documents: []Document{{sidecarReference, "preference will be given to the resource with a workloadSelector that selects this workload instance, over a Sidecar configuration without any workloadSelector"}},
		Code:      []string{codeSidecarOf},
	},
	SidecarNamespace: {
		Documents: []Document{{sidecarReference, "In the absence of a workloadSelector, it will apply to all workload instances in the same namespace."}},
		Code:      []string{codeSidecarOf},
	},
	SidecarRoot: {
		Documents: []Document{{sidecarReference, "A Sidecar configuration in the MeshConfig root namespace will be applied by default to all namespaces without a Sidecar configuration."}},
		Code:      []string{codeSidecarOf},
	},
	SidecarOldest: {
		Code:         []string{"pilot/pkg/model/push_context.go, initSidecarScopes"},
		Undocumented: allOfIt, Searched: searchedScope,
		Against: []Document{{sidecarReference, "The behavior of the system is undefined if two or more Sidecar configurations with a workloadSelector select the same workload instance."}},
	},
	SidecarImports: {
		Documents: []Document{{sidecarHosts, "Services in the specified namespace matching dnsName will be exposed."}},
		Code:      []string{codeScope},
	},
	SidecarHides: {
		Documents: []Document{{sidecarReference, "If requests are sent to destinations not included in the scoping, the traffic will be treated as unmatched traffic, which is often still allowed."}},
		Code:      []string{codeScope},
	},
	SidecarPort: {
		Documents:    []Document{{sidecarReference + "#IstioEgressListener-port", "the hosts exposed on a listener port will be based on the listener with the most specific port"}},
		Code:         []string{codeOutbound, "pilot/pkg/model/sidecar.go, GetEgressListenerForRDS"},
		Undocumented: "that over TCP the hosts of a listener without port count too", Searched: searchedScope,
	},
	SidecarExcludes: {
		Documents: []Document{{sidecarHosts, "a host is exposed only when it is imported by some entry and not excluded by any entry"}},
		Code:      []string{codeScope},
	},
	SidecarNoEgress: {
		Code:         []string{"pilot/pkg/model/sidecar.go, initSidecarScopeInternalIndexes"},
		Undocumented: allOfIt, Searched: searchedScope,
		Against: []Document{{sidecarReference + "#Sidecar-egress", "If not specified, inherits the system detected defaults from the namespace-wide or the global default Sidecar."}},
	},
	SidecarRules: {
		Documents:    []Document{{sidecarHosts, "Any associated DestinationRule in the same namespace will also be used."}},
		Code:         []string{"pilot/pkg/model/sidecar.go, selectDestinationRules"},
		Undocumented: "that the rules of other namespaces on the lookup path are used too", Searched: searchedScope,
	},
	SidecarOutbound: {
		Documents:    []Document{{sidecarReference + "#Sidecar-outbound_traffic_policy", "Set the default behavior of the sidecar for handling outbound traffic from the application."}},
		Code:         []string{"pilot/pkg/model/sidecar.go, initSidecarScopeInternalIndexes"},
		Undocumented: "that a policy without a mode is REGISTRY_ONLY", Searched: searchedScope,
	},
	SidecarEgressProxy: {
		Code:         []string{"pilot/pkg/networking/core/listener_builder.go, buildOutboundCatchAllNetworkFiltersOnly"},
		Undocumented: allOfIt, Searched: searchedScope, // the field is in the API and hidden from the documents
	},
	SidecarIngress: {
		Documents: []Document{{sidecarReference + "#SidecarPort-protocol", "The protocol exposed on the port."}},
		Code:      []string{codeInbound},
	},
	SidecarIngressAlone: {
		Code:         []string{codeInbound, "pilot/pkg/networking/plugin/authn/authentication.go, needPerPortPassthroughFilterChain"},
		Undocumented: allOfIt, Searched: searchedScope,
	},
	ServiceExportTo: {Documents: []Document{
		{entryReference + "#ServiceEntry-export_to", "A list of namespaces to which this service is exported. Exporting a service allows it to be used by sidecars, gateways and virtual services defined in other namespaces."},
		{annotations, "Specifies the namespaces to which this service should be exported to."},
	}},
	HeadlessPerPod: {Code: []string{codeOutbound}, Undocumented: allOfIt, Searched: searchedAuto},
}
