package oracle

// routeSources are those of the rules that say where a service's name leads.
var routeSources = map[Rule]Source{
	RouteNone: {Documents: []Document{
		{trafficPractice + "#set-default-routes-for-services", "the default Istio behavior conveniently sends traffic from any source to all versions of a destination service without any rules being set"},
	}},
	RouteExportTo: {
		Documents:    []Document{{routeReference + "#VirtualService-export_to", "A list of namespaces to which this virtual service is exported."}},
		Code:         []string{codeVisible},
		Undocumented: "that one which fewer namespaces see comes first", Searched: searchedWays,
	},
	RouteShortName: {Documents: []Document{
		{routeReference + "#VirtualService-hosts", "Istio will interpret the short name based on the namespace of the rule, not the service."},
	}},
	RouteDestinationShortName: {Documents: []Document{
		{routeReference + "#Destination", "Istio will interpret the short name based on the namespace of the rule, not the service."},
	}},
	RouteMostSpecific: {Code: []string{"pilot/pkg/model/sidecar.go, computeWildcardHostVirtualServiceIndex"}, Undocumented: allOfIt, Searched: searchedWays},
	RouteFirst: {
		Documents:    []Document{{splitRules, "A VirtualService can only be fragmented this way if it is bound to a gateway. Host merging is not supported in sidecars."}},
		Code:         []string{"pilot/pkg/networking/core/httproute.go, BuildSidecarOutboundVirtualHosts"},
		Undocumented: "that the oldest counts", Searched: searchedWays,
	},
	RouteGatewayMerge: {
		Documents: []Document{{splitRules, "When a second and subsequent VirtualService for an existing host is applied, istio-pilot will merge the additional route rules into the existing configuration of the host."}},
		Code:      []string{codeGateway},
	},
	RouteUnreachable: {
		Documents: []Document{{routeReference + "#VirtualService-http", "The first rule matching an incoming request is used."}},
		Code:      []string{codeRoute + ", BuildHTTPRoutesForVirtualService"},
	},
	RouteMatchGateways: {Documents: []Document{
		{routeReference + "#HTTPMatchRequest-gateways", "Names of gateways where the rule should be applied. Gateway names in the top-level gateways field of the VirtualService (if any) are overridden."},
	}},
	RoutePort: {Documents: []Document{
		{routeReference + "#HTTPMatchRequest-port", "Specifies the ports on the host that is being addressed."},
	}},
	RouteSource: {Documents: []Document{
		{routeReference + "#HTTPMatchRequest-source_labels", "One or more labels that constrain the applicability of a rule to source (client) workloads with the given labels."},
	}},
	RouteSourceIgnored: {
		Code:         []string{codeRoute + ", sourceMatchHTTP"},
		Undocumented: allOfIt, Searched: searchedWays,
		Against: []Document{{routeReference + "#HTTPMatchRequest-source_labels", "If the VirtualService has a list of gateways specified in the top-level gateways field, it must include the reserved gateway mesh for this field to be applicable."}},
	},
	RouteWeight: {Documents: []Document{
		{routeReference + "#HTTPRouteDestination-weight", "Weight specifies the relative proportion of traffic to be forwarded to the destination."},
	}},
	RouteMirror: {Documents: []Document{
		{routeReference + "#HTTPRoute-mirrors", "Specifies the destinations to mirror HTTP traffic in addition to the original destination."},
	}},
	RouteAnswered: {Documents: []Document{
		{routeReference + "#HTTPRoute-redirect", "A HTTP rule can either return a direct_response, redirect or forward (default) traffic."},
	}},
	RouteDelegate: {Documents: []Document{
		{routeReference + "#HTTPRoute-delegate", "The delegate's HTTPMatchRequest must be a strict subset of the root's, otherwise there is a conflict and the HTTPRoute will not take effect."},
	}},
	RouteSamePort: {
		Code:         []string{codeRoute + ", GetDestinationCluster", "pilot/pkg/networking/core/httproute.go, BuildSidecarOutboundVirtualHosts"},
		Undocumented: allOfIt, Searched: searchedWays,
		Against: []Document{{routeReference + "#Destination-port", "If a service exposes only a single port it is not required to explicitly select the port."}},
	},
	RouteOnlyPort: {Documents: []Document{
		{routeReference + "#Destination-port", "If a service exposes only a single port it is not required to explicitly select the port."},
	}},
	RouteNoService: {Documents: []Document{
		{routeReference + "#Destination-host", "Traffic forwarded to destinations that are not found in either of the two, will be dropped."},
	}},
	RouteSubset: {Documents: []Document{
		{routeReference + "#Destination-subset", "The name of a subset within the service. … The subset must be defined in a corresponding DestinationRule."},
	}},
	RouteTCP: {Documents: []Document{
		{routeReference + "#VirtualService-tcp", "TCP routes will be applied to any port that is not a HTTP or TLS port."},
	}},
	RouteTLS: {Documents: []Document{
		{routeReference + "#VirtualService-tls", "An ordered list of route rule for non-terminated TLS & HTTPS traffic. Routing is typically performed using the SNI value presented by the ClientHello message."},
	}},
	RouteImports: {
		Documents:    []Document{{sidecarHosts, "Only services and configuration artifacts exported to the sidecar's namespace (e.g., exportTo value of *) can be referenced."}},
		Code:         []string{"pilot/pkg/model/virtualservice.go, SelectVirtualServices"},
		Undocumented: "that the hosts of VirtualServices are compared with those of the Sidecar", Searched: searchedScope,
	},
	RouteAPI: {Documents: []Document{
		{apiTask, "Istio supports the Kubernetes Gateway API and intends to make it the default API for traffic management in the future."},
	}},
	RouteAPIMerge: {Documents: []Document{
		{apiReferencePage + "#httprouterule", "Across all rules specified on applicable Routes, precedence must be given to the match having … Prefix path match with largest number of characters … The oldest Route based on creation timestamp."},
	}},
	RouteParent: {Documents: []Document{
		{apiTask + "#mesh-traffic", "The Gateway API can also be used to configure mesh traffic. This is done by configuring the parentRef to point to a service, instead of a gateway."},
	}},
	RouteConsumer: {Documents: []Document{
		{apiReferencePage + "#parentreference", "ParentRefs from a Route to a Service in a different namespace are \"consumer\" routes, and these routing rules are only applied to outbound connections originating from the same namespace as the Route"},
	}},
	RouteListener: {Documents: []Document{
		{apiReferencePage + "#allowedroutes", "AllowedRoutes defines which Routes may be attached to this Listener."},
	}},
	BackendTLS: {
		Documents:    []Document{{apiReferencePage + "#backendtlspolicy", "BackendTLSPolicy provides a way to configure how a Gateway connects to a Backend via TLS."}},
		Code:         []string{"pilot/pkg/config/kube/gateway/backend_policies.go, DestinationRuleCollection"},
		Undocumented: "that sidecars obey it too, and that it is a DestinationRule of the service's namespace", Searched: []Page{apiTask, apiReferencePage, ruleReference, releaseNotes},
	},
}
