package oracle

// Rule is a named rule of Istio's that took part in an answer. Source says which documents state it and where istiod does it.
type Rule string

// The rules that decide a server's mode.
const (
	// ServerDefault: without a policy a server is PERMISSIVE.
	ServerDefault Rule = "peer-authentication/default-permissive"
	// ServerMesh: a policy without selector in the root namespace is the mesh's.
	ServerMesh Rule = "peer-authentication/mesh"
	// ServerNamespace: a policy without selector is its namespace's, and stands above the mesh's.
	ServerNamespace Rule = "peer-authentication/namespace-over-mesh"
	// ServerWorkload: a policy with a selector stands above its namespace's.
	ServerWorkload Rule = "peer-authentication/workload-over-namespace"
	// ServerPort: portLevelMtls of the workload's policy stands above its mode.
	ServerPort Rule = "peer-authentication/port-over-workload"
	// ServerPortUnset: a port that is UNSET takes the mode of its workload.
	ServerPortUnset Rule = "peer-authentication/port-unset-inherits-workload"
	// ServerPortByWorkload: portLevelMtls is keyed by the workload's port, not the Service's.
	ServerPortByWorkload Rule = "peer-authentication/port-by-workload-port"
	// ServerPortNoService: a port of portLevelMtls that is in no Service has a pass-through chain of its own.
	ServerPortNoService Rule = "peer-authentication/port-without-service"
	// ServerUnsetMesh: an UNSET mesh policy is PERMISSIVE.
	ServerUnsetMesh Rule = "peer-authentication/unset-mesh-is-permissive"
	// ServerUnsetMeshInherits: an UNSET policy of a namespace or workload takes the mesh's mode.
	ServerUnsetMeshInherits Rule = "peer-authentication/unset-inherits-mesh"
	// ServerUnsetNamespaceInherits: an UNSET policy of a workload takes its namespace's mode.
	ServerUnsetNamespaceInherits Rule = "peer-authentication/unset-inherits-namespace"
	// ServerUnsetDefaultInherits: an UNSET policy with nothing above it is PERMISSIVE.
	ServerUnsetDefaultInherits Rule = "peer-authentication/unset-inherits-default"
	// ServerOldest: of two policies of one scope the oldest wins.
	ServerOldest Rule = "peer-authentication/oldest-wins"
	// ServerTie: of two policies of one scope and second the one whose name sorts first wins.
	ServerTie Rule = "peer-authentication/tie-by-name"
	// ServerRootSelector: a policy with a selector in the root namespace is ignored.
	ServerRootSelector Rule = "peer-authentication/root-selector-ignored"
	// ServerNoProxy: no policy reaches a workload without a proxy.
	ServerNoProxy Rule = "workload/no-proxy"
	// ServerBypassed: what a pod's sidecar does not get, no policy reaches.
	ServerBypassed Rule = "interception/inbound-bypassed"
	// ServerAmbient: traffic of a workload in ambient mode passes a ztunnel.
	ServerAmbient Rule = "workload/ambient"
	// ServerGateway: a gateway's own servers decide, not PeerAuthentication.
	ServerGateway Rule = "gateway/server"
)

// The rules that decide what a server makes of a connection's first bytes.
const (
	// ChainNoPlaintext: STRICT has no filter chain for plaintext.
	ChainNoPlaintext Rule = "filter-chain/strict-no-plaintext"
	// ChainStrictAnyALPN: STRICT terminates TLS whatever its ALPN.
	ChainStrictAnyALPN Rule = "filter-chain/strict-any-alpn"
	// ChainPlaintext: PERMISSIVE and DISABLE serve plaintext.
	ChainPlaintext Rule = "filter-chain/plaintext"
	// ChainIstioALPN: PERMISSIVE terminates TLS that offers one of Istio's ALPNs.
	ChainIstioALPN Rule = "filter-chain/permissive-istio-alpn"
	// ChainHTTPOtherTLS: PERMISSIVE has no filter chain for other TLS to a port declared HTTP.
	ChainHTTPOtherTLS Rule = "filter-chain/permissive-http-no-other-tls"
	// ChainTCPOtherTLS: PERMISSIVE passes other TLS to the application, un-terminated, on TCP and undeclared ports.
	ChainTCPOtherTLS Rule = "filter-chain/permissive-passes-other-tls"
	// ChainDisableTLS: DISABLE terminates no TLS.
	ChainDisableTLS Rule = "filter-chain/disable-terminates-nothing"
	// ChainServerFirst: where a server tells TLS from plaintext, a client that waits for the server's first bytes waits
	// for ever.
	ChainServerFirst Rule = "filter-chain/server-first"
	// ChainPassThrough: a port in no Service is served by the pass-through chains.
	ChainPassThrough Rule = "filter-chain/no-service-port"
	// ChainMinVersion: a server takes no TLS version below meshMTLS.minProtocolVersion, by default 1.2.
	ChainMinVersion Rule = "filter-chain/min-protocol-version"
	// ChainCiphers: meshMTLS.cipherSuites rule TLS 1.2, and TLS 1.3 nowhere.
	ChainCiphers Rule = "filter-chain/cipher-suites"
)

// The rules that decide a client's mode.
const (
	// ClientNoProxy: a client without a proxy reads no rule.
	ClientNoProxy Rule = "workload/no-client-proxy"
	// ClientBypassed: what a client's application sends past its sidecar, no rule reaches.
	ClientBypassed Rule = "interception/outbound-bypassed"
	// RuleClientNamespace: a rule in the client's namespace is looked for first.
	RuleClientNamespace Rule = "destination-rule/client-namespace"
	// RuleServiceNamespace: then one in the service's namespace.
	RuleServiceNamespace Rule = "destination-rule/service-namespace"
	// RuleRootNamespace: then one in the root namespace.
	RuleRootNamespace Rule = "destination-rule/root-namespace"
	// RuleRootClient: for a client in the root namespace only private rules there come before the service's namespace.
	RuleRootClient Rule = "destination-rule/root-client-private-first"
	// RuleHides: one rule is chosen by its place; none of a later place adds what it lacks.
	RuleHides Rule = "destination-rule/first-place-hides-others"
	// RuleExact: a rule for the very host stands above one with a wildcard.
	RuleExact Rule = "destination-rule/exact-over-wildcard"
	// RuleLongest: the longest wildcard wins.
	RuleLongest Rule = "destination-rule/longest-wildcard"
	// RuleWildcard: a rule for *.DOMAIN holds for each host below it.
	RuleWildcard Rule = "destination-rule/wildcard"
	// RuleShortName: a host without dots is of the rule's own namespace.
	RuleShortName Rule = "destination-rule/short-name"
	// RuleOldestPolicy: rules of one host and namespace merge, and the oldest traffic policy is kept.
	RuleOldestPolicy Rule = "destination-rule/oldest-traffic-policy"
	// RuleTie: of two rules of one second the one whose name sorts first counts as the older.
	RuleTie Rule = "destination-rule/tie-by-name"
	// RuleApart: rules of one host and namespace that are exported otherwise stay apart, and of those that a client sees the
	// last counts, by the age of the oldest rule in each.
	RuleApart Rule = "destination-rule/last-of-those-apart"
	// RuleSubsetsJoin: rules of one host and namespace merge, and their subsets add up.
	RuleSubsetsJoin Rule = "destination-rule/subsets-join"
	// RuleExportTo: a rule is seen where its exportTo says.
	RuleExportTo Rule = "destination-rule/export-to"
	// RuleSelector: a rule with a workloadSelector holds for clients that it selects in its namespace, and stands above
	// one without.
	RuleSelector Rule = "destination-rule/workload-selector"
	// RuleTLS: the traffic policy's TLS settings.
	RuleTLS Rule = "destination-rule/tls"
	// RuleNoTLS: a rule without TLS settings leaves the mode to auto-mTLS.
	RuleNoTLS Rule = "destination-rule/no-tls"
	// RulePort: portLevelSettings of a port replace the whole policy, what they leave out included.
	RulePort Rule = "destination-rule/port-replaces-policy"
	// RulePortByService: portLevelSettings are keyed by the Service's port, not the workload's.
	RulePortByService Rule = "destination-rule/port-by-service-port"
	// RuleSubsetInherits: a subset takes what it does not say from the rule.
	RuleSubsetInherits Rule = "destination-rule/subset-inherits"
	// RuleSubsetOverrides: a subset's TLS settings stand above the rule's.
	RuleSubsetOverrides Rule = "destination-rule/subset-overrides"
	// RuleNoSubset: a subset that no rule defines has no cluster.
	RuleNoSubset Rule = "destination-rule/subset-undefined"
	// RuleCredentialDropped: a sidecar drops a credentialName of a rule without workloadSelector, and sends plaintext.
	RuleCredentialDropped Rule = "destination-rule/credential-without-selector"
	// RuleNames: subjectAltNames replace the identities that the mesh knows of the service.
	RuleNames Rule = "destination-rule/subject-alt-names"
	// RuleAutoNames: SIMPLE and MUTUAL without SNI and names ask for the request's host in the certificate.
	RuleAutoNames Rule = "destination-rule/auto-san-validation"
	// RuleSystemRoots: SIMPLE and MUTUAL without caCertificates trust the system's roots.
	RuleSystemRoots Rule = "destination-rule/system-roots"
	// RuleSkipVerify: insecureSkipVerify takes any certificate of the server.
	RuleSkipVerify Rule = "destination-rule/insecure-skip-verify"
	// RuleOwnALPN: SIMPLE and MUTUAL offer none of Istio's ALPNs.
	RuleOwnALPN Rule = "destination-rule/no-istio-alpn"
)

// The rules of auto-mTLS and of what stands behind a service's name.
const (
	// AutoOff: with enableAutoMtls false a client without TLS settings sends plaintext.
	AutoOff Rule = "auto-mtls/off"
	// AutoClusters: a cluster can do mTLS by the policies of mesh and namespace alone.
	AutoClusters Rule = "auto-mtls/clusters"
	// AutoEndpoints: an endpoint gets mTLS by its tlsMode label and by the policy of its workload and port.
	AutoEndpoints Rule = "auto-mtls/endpoints"
	// AutoDisagree: the two deciders of auto-mTLS differ; mTLS needs both.
	AutoDisagree Rule = "auto-mtls/disagree"
	// AutoRuleEndpoints: for endpoints the rule's own TLS mode counts even where a port entry resets it for clusters.
	AutoRuleEndpoints Rule = "auto-mtls/endpoints-by-rule"
	// AutoSubsetAlone: before Istio 1.31 the endpoints of a subset go by the subset's TLS mode alone, and not by the rule's.
	AutoSubsetAlone Rule = "auto-mtls/endpoints-by-subset-alone"
	// AutoAllOrNothing: pass-through clusters do mTLS only when every endpoint can, and then to every endpoint.
	AutoAllOrNothing Rule = "auto-mtls/all-or-nothing"
	// AutoNoEndpoints: a pass-through cluster without endpoints does no mTLS.
	AutoNoEndpoints Rule = "auto-mtls/no-endpoints"
	// TLSModeLabel: the label security.istio.io/tlsMode says whether an endpoint takes mTLS; none means no.
	TLSModeLabel Rule = "workload/tls-mode-label"
	// GatewayNoLabel: a gateway's pods carry no tlsMode label, so auto-mTLS sends them plaintext.
	GatewayNoLabel Rule = "workload/gateway-no-tls-mode"
	// ServiceHeadless: a sidecar passes a headless service's traffic to the address that the client chose.
	ServiceHeadless Rule = "service/headless"
	// ServiceHeadlessGateway: a gateway picks among a headless service's endpoints itself.
	ServiceHeadlessGateway Rule = "service/headless-by-gateway"
	// ServiceAlias: an ExternalName stands for its target, and a rule on its own name does nothing.
	ServiceAlias Rule = "service/external-name"
	// PassthroughLB: load balancing PASSTHROUGH makes the cluster ORIGINAL_DST.
	PassthroughLB Rule = "destination-rule/lb-passthrough"
	// EntryExternal: a MESH_EXTERNAL ServiceEntry never has auto-mTLS.
	EntryExternal Rule = "service-entry/external"
	// EntryInternal: a MESH_INTERNAL ServiceEntry is a service like any.
	EntryInternal Rule = "service-entry/internal"
	// EntryEndpointMode: an endpoint of a ServiceEntry takes mTLS by its label, or when it names a service account.
	EntryEndpointMode Rule = "service-entry/endpoint-tls-mode"
	// EntryByPort: a TCP port of a ServiceEntry without addresses takes all of a client's traffic to that port.
	EntryByPort Rule = "service-entry/port-without-address"
	// PassthroughCluster: traffic to an address that the mesh does not know leaves a sidecar as it came.
	PassthroughCluster Rule = "passthrough-cluster"
	// RegistryOnly: with outboundTrafficPolicy REGISTRY_ONLY such traffic has no cluster.
	RegistryOnly Rule = "passthrough-cluster/registry-only"
	// GatewayNoPassthrough: a gateway has no cluster for addresses that the mesh does not know.
	GatewayNoPassthrough Rule = "passthrough-cluster/not-on-gateways"
)

// The rules of what a proxy knows, by Sidecar objects and by exportTo.
const (
	// SidecarSelector: a Sidecar that selects the workload stands above one without a selector.
	SidecarSelector Rule = "sidecar/workload-selector"
	// SidecarNamespace: a Sidecar without a selector is its namespace's.
	SidecarNamespace Rule = "sidecar/namespace"
	// SidecarRoot: a Sidecar without a selector in the root namespace is that of every namespace without one.
	SidecarRoot Rule = "sidecar/root-namespace"
	// SidecarOldest: of several Sidecars for one workload the oldest counts alone, by name within a second.
	SidecarOldest Rule = "sidecar/oldest"
	// SidecarImports: what the egress listeners list is known as it is without a Sidecar.
	SidecarImports Rule = "sidecar/imports"
	// SidecarHides: of what no egress listener lists the client's proxy has no listener and no route.
	SidecarHides Rule = "sidecar/hides"
	// SidecarPort: an egress listener with a port is for that port alone, and over HTTP no other listener is.
	SidecarPort Rule = "sidecar/egress-port"
	// SidecarExcludes: a host after ~ is left out, whichever other entry lists it.
	SidecarExcludes Rule = "sidecar/excludes"
	// SidecarNoEgress: a Sidecar without egress hides nothing.
	SidecarNoEgress Rule = "sidecar/no-egress"
	// SidecarRules: a DestinationRule is found by its service's host, also in a namespace of which nothing is listed.
	SidecarRules Rule = "sidecar/rules-by-service"
	// SidecarOutbound: a Sidecar's outboundTrafficPolicy stands above the mesh's.
	SidecarOutbound Rule = "sidecar/outbound-traffic-policy"
	// SidecarEgressProxy: with egressProxy what the proxy does not know goes there.
	SidecarEgressProxy Rule = "sidecar/egress-proxy"
	// SidecarIngress: an ingress listener declares the protocol of its port.
	SidecarIngress Rule = "sidecar/ingress"
	// SidecarIngressAlone: with ingress listeners the ports of services without one are served by the pass-through chains.
	SidecarIngressAlone Rule = "sidecar/ingress-alone"
	// ServiceExportTo: a service is known where its exportTo says.
	ServiceExportTo Rule = "service/export-to"
	// HeadlessPerPod: at a pod's own address a TCP port of a headless service has a listener of that service.
	HeadlessPerPod Rule = "service/headless-per-pod"
)

// The rules of routes: where a service's name leads.
const (
	// RouteNone: without a VirtualService requests for a service port go to it.
	RouteNone Rule = "route/none"
	// RouteExportTo: a VirtualService is seen where its exportTo says; one that fewer see comes first.
	RouteExportTo Rule = "route/export-to"
	// RouteShortName: a host without dots is of the VirtualService's own namespace.
	RouteShortName Rule = "route/short-name"
	// RouteDestinationShortName: a destination without dots is of the VirtualService's own namespace.
	RouteDestinationShortName Rule = "route/destination-short-name"
	// RouteMostSpecific: a VirtualService for the host itself stands above one with a wildcard, a longer wildcard above a shorter.
	RouteMostSpecific Rule = "route/most-specific-host"
	// RouteFirst: of several VirtualServices for a host the oldest counts alone at a sidecar.
	RouteFirst Rule = "route/oldest-of-a-host"
	// RouteGatewayMerge: at a gateway the VirtualServices of a host are merged.
	RouteGatewayMerge Rule = "route/merged-at-gateways"
	// RouteUnreachable: no route after one that takes every request is reached.
	RouteUnreachable Rule = "route/after-catch-all"
	// RouteMatchGateways: a match holds for the gateways that it names.
	RouteMatchGateways Rule = "route/match-gateways"
	// RoutePort: a match holds for the port that was asked for.
	RoutePort Rule = "route/match-port"
	// RouteSource: a match holds for clients with its labels and of its namespace.
	RouteSource Rule = "route/match-source"
	// RouteSourceIgnored: a match of HTTP that names gateways ignores labels and namespace of the source.
	RouteSourceIgnored Rule = "route/match-gateways-ignore-source"
	// RouteWeight: destinations share the requests by their weights.
	RouteWeight Rule = "route/weight"
	// RouteMirror: a mirror gets a copy of the requests, or of a percentage of them.
	RouteMirror Rule = "route/mirror"
	// RouteAnswered: a redirect and a direct response are answered by the proxy.
	RouteAnswered Rule = "route/answered-by-proxy"
	// RouteDelegate: a route that delegates takes the routes of its delegate whose conditions are a subset of its own.
	RouteDelegate Rule = "route/delegate"
	// RouteSamePort: at a sidecar an HTTP destination without a port has the port that was asked for.
	RouteSamePort Rule = "route/destination-same-port"
	// RouteOnlyPort: at a gateway, and for TCP and TLS, a destination without a port has the only port of its service.
	RouteOnlyPort Rule = "route/destination-only-port"
	// RouteNoService: a destination that is no service port of the mesh has no cluster.
	RouteNoService Rule = "route/destination-unknown"
	// RouteSubset: a destination's subset is one of the DestinationRule that the client uses for its host.
	RouteSubset Rule = "route/destination-subset"
	// RouteTCP: tcp routes are for ports that are neither HTTP nor TLS.
	RouteTCP Rule = "route/tcp"
	// RouteTLS: tls routes are for TLS that the proxy does not end, by SNI.
	RouteTLS Rule = "route/tls"
	// RouteImports: a client's Sidecar imports the VirtualServices whose hosts it lists.
	RouteImports Rule = "route/sidecar-imports"
	// RouteAPI: istiod turns HTTPRoutes and GRPCRoutes into VirtualServices.
	RouteAPI Rule = "gateway-api/routes"
	// RouteAPIMerge: the rules of all routes of one parent and host are sorted together.
	RouteAPIMerge Rule = "gateway-api/precedence"
	// RouteParent: a route to a Service holds at its clients' sidecars.
	RouteParent Rule = "gateway-api/service-parent"
	// RouteConsumer: a route to a Service of another namespace holds for clients of its own namespace alone.
	RouteConsumer Rule = "gateway-api/consumer-route"
	// RouteListener: a route holds at the listeners of its Gateway that take it.
	RouteListener Rule = "gateway-api/listener"
	// BackendTLS: a BackendTLSPolicy is a rule with TLS settings SIMPLE for the host of its service.
	BackendTLS Rule = "gateway-api/backend-tls-policy"
)

// The rules of identity.
const (
	// TrustDomainRefused: a server accepts identities of its trust domain alone.
	TrustDomainRefused Rule = "trust-domain/own-only"
	// RootSecond: a certificate of any root in the trust bundle is accepted.
	RootSecond Rule = "root/second"
	// TrustDomainAlias: an alias counts as the mesh's own trust domain.
	TrustDomainAlias Rule = "trust-domain/alias"
	// AuthzDeny: a DENY policy that matches refuses.
	AuthzDeny Rule = "authorization/deny"
	// AuthzAllow: an ALLOW policy that matches lets pass.
	AuthzAllow Rule = "authorization/allow"
	// AuthzNoAllow: where ALLOW policies exist and none matches, the request is refused.
	AuthzNoAllow Rule = "authorization/no-allow"
	// AuthzNoIdentity: over plaintext there is no principal, so no policy on principals matches.
	AuthzNoIdentity Rule = "authorization/no-principal-in-plaintext"
	// AuthzAlias: a principal of the mesh's trust domain stands for the aliases too.
	AuthzAlias Rule = "authorization/trust-domain-alias"
)
