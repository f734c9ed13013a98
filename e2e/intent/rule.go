package intent

// Rule is a named rule of Istio's that took part in an answer. Files are of istio/istio, under pilot/pkg unless they
// start otherwise.
type Rule string

// The rules that decide a server's mode.
const (
	// ServerDefault: without a policy a server is PERMISSIVE
	// (https://istio.io/latest/docs/concepts/security/#peer-authentication).
	ServerDefault Rule = "peer-authentication/default-permissive"
	// ServerMesh: a policy without selector in the root namespace is the mesh's
	// (https://istio.io/latest/docs/reference/config/security/peer_authentication/).
	ServerMesh Rule = "peer-authentication/mesh"
	// ServerNamespace: a policy without selector is its namespace's, and stands above the mesh's
	// (https://istio.io/latest/docs/concepts/security/#peer-authentication).
	ServerNamespace Rule = "peer-authentication/namespace-over-mesh"
	// ServerWorkload: a policy with a selector stands above its namespace's
	// (https://istio.io/latest/docs/concepts/security/#peer-authentication).
	ServerWorkload Rule = "peer-authentication/workload-over-namespace"
	// ServerPort: portLevelMtls of the workload's policy stands above its mode
	// (security/authn/policy_applier.go, ComposePeerAuthentication).
	ServerPort Rule = "peer-authentication/port-over-workload"
	// ServerPortUnset: a port that is UNSET takes the mode of its workload
	// (security/authn/policy_applier.go, ComposePeerAuthentication).
	ServerPortUnset Rule = "peer-authentication/port-unset-inherits-workload"
	// ServerPortByWorkload: portLevelMtls is keyed by the workload's port, not the Service's
	// (networking/core/listener_inbound.go, ForPort(cc.port.TargetPort)).
	ServerPortByWorkload Rule = "peer-authentication/port-by-workload-port"
	// ServerPortNoService: a port of portLevelMtls that is in no Service has a pass-through chain of its own
	// (networking/plugin/authn/authentication.go, ForPassthrough).
	ServerPortNoService Rule = "peer-authentication/port-without-service"
	// ServerUnsetMesh: an UNSET mesh policy is PERMISSIVE (model/authentication.go, addPeerAuthentication).
	ServerUnsetMesh Rule = "peer-authentication/unset-mesh-is-permissive"
	// ServerUnsetMeshInherits: an UNSET policy of a namespace or workload takes the mesh's mode
	// (https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication-MutualTLS-Mode).
	ServerUnsetMeshInherits Rule = "peer-authentication/unset-inherits-mesh"
	// ServerUnsetNamespaceInherits: an UNSET policy of a workload takes its namespace's mode
	// (https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication-MutualTLS-Mode).
	ServerUnsetNamespaceInherits Rule = "peer-authentication/unset-inherits-namespace"
	// ServerUnsetDefaultInherits: an UNSET policy with nothing above it is PERMISSIVE
	// (https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication-MutualTLS-Mode).
	ServerUnsetDefaultInherits Rule = "peer-authentication/unset-inherits-default"
	// ServerOldest: of two policies of one scope the oldest wins
	// (security/authn/policy_applier.go, ComposePeerAuthentication).
	ServerOldest Rule = "peer-authentication/oldest-wins"
	// ServerTie: of two policies of one scope and second the one whose name sorts first wins
	// (model/config.go, configCompareByCreationTime).
	ServerTie Rule = "peer-authentication/tie-by-name"
	// ServerRootSelector: a policy with a selector in the root namespace is ignored
	// (security/authn/policy_applier.go, cfg.Namespace != rootNamespace).
	ServerRootSelector Rule = "peer-authentication/root-selector-ignored"
	// ServerNoProxy: no policy reaches a workload without a proxy
	// (https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/).
	ServerNoProxy Rule = "workload/no-proxy"
	// ServerAmbient: traffic of a workload in ambient mode passes a ztunnel
	// (https://istio.io/latest/docs/ambient/architecture/traffic-redirection/).
	ServerAmbient Rule = "workload/ambient"
	// ServerGateway: a gateway's own servers decide, not PeerAuthentication
	// (https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings).
	ServerGateway Rule = "gateway/server"
)

// The rules that decide what a server makes of a connection's first bytes.
const (
	// ChainNoPlaintext: STRICT has no filter chain for plaintext (networking/core/filterchain_options.go).
	ChainNoPlaintext Rule = "filter-chain/strict-no-plaintext"
	// ChainStrictAnyALPN: STRICT terminates TLS whatever its ALPN (networking/core/filterchain_options.go).
	ChainStrictAnyALPN Rule = "filter-chain/strict-any-alpn"
	// ChainPlaintext: PERMISSIVE and DISABLE serve plaintext (networking/core/filterchain_options.go).
	ChainPlaintext Rule = "filter-chain/plaintext"
	// ChainIstioALPN: PERMISSIVE terminates TLS that offers one of Istio's ALPNs
	// (networking/core/filterchain_options.go, allIstioMtlsALPNs).
	ChainIstioALPN Rule = "filter-chain/permissive-istio-alpn"
	// ChainHTTPOtherTLS: PERMISSIVE has no filter chain for other TLS to a port declared HTTP
	// (networking/core/filterchain_options.go, inboundPermissiveHTTPFilterChainMatchWithMxcOptions).
	ChainHTTPOtherTLS Rule = "filter-chain/permissive-http-no-other-tls"
	// ChainTCPOtherTLS: PERMISSIVE passes other TLS to the application, un-terminated, on TCP and undeclared ports
	// (networking/core/filterchain_options.go, inboundPermissiveTCPFilterChainMatchWithMxcOptions).
	ChainTCPOtherTLS Rule = "filter-chain/permissive-passes-other-tls"
	// ChainDisableTLS: DISABLE terminates no TLS (networking/core/filterchain_options.go,
	// inboundPlainTextFilterChainMatchOptions).
	ChainDisableTLS Rule = "filter-chain/disable-terminates-nothing"
	// ChainServerFirst: where a server tells TLS from plaintext, a client that waits for the server's first bytes waits
	// for ever (https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols).
	ChainServerFirst Rule = "filter-chain/server-first"
	// ChainPassThrough: a port in no Service is served by the pass-through chains
	// (networking/core/listener_inbound.go, buildInboundPassthroughChains).
	ChainPassThrough Rule = "filter-chain/no-service-port"
	// ChainMinVersion: a server takes no TLS version below meshMTLS.minProtocolVersion, by default 1.2
	// (security/authn/policy_applier.go; https://istio.io/latest/docs/tasks/security/tls-configuration/workload-min-tls-version/).
	ChainMinVersion Rule = "filter-chain/min-protocol-version"
	// ChainCiphers: meshMTLS.cipherSuites rule TLS 1.2, and TLS 1.3 nowhere
	// (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-TLSConfig).
	ChainCiphers Rule = "filter-chain/cipher-suites"
)

// The rules that decide a client's mode.
const (
	// ClientNoProxy: a client without a proxy reads no rule.
	ClientNoProxy Rule = "workload/no-client-proxy"
	// RuleClientNamespace: a rule in the client's namespace is looked for first
	// (https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration).
	RuleClientNamespace Rule = "destination-rule/client-namespace"
	// RuleServiceNamespace: then one in the service's namespace (model/push_context.go, destinationRule).
	RuleServiceNamespace Rule = "destination-rule/service-namespace"
	// RuleRootNamespace: then one in the root namespace (model/push_context.go, destinationRule).
	RuleRootNamespace Rule = "destination-rule/root-namespace"
	// RuleRootClient: for a client in the root namespace only private rules there come before the service's namespace
	// (model/push_context.go, rootNamespaceLocal).
	RuleRootClient Rule = "destination-rule/root-client-private-first"
	// RuleHides: one rule is chosen by its place; none of a later place adds what it lacks
	// (model/push_context.go, destinationRule).
	RuleHides Rule = "destination-rule/first-place-hides-others"
	// RuleExact: a rule for the very host stands above one with a wildcard (model/config.go, MostSpecificHostMatch).
	RuleExact Rule = "destination-rule/exact-over-wildcard"
	// RuleLongest: the longest wildcard wins (model/config.go, mostSpecificHostWildcardMatch).
	RuleLongest Rule = "destination-rule/longest-wildcard"
	// RuleWildcard: a rule for *.DOMAIN holds for each host below it (model/config.go, mostSpecificHostWildcardMatch).
	RuleWildcard Rule = "destination-rule/wildcard"
	// RuleShortName: a host without dots is of the rule's own namespace (model/config.go, ResolveShortnameToFQDN).
	RuleShortName Rule = "destination-rule/short-name"
	// RuleOldestPolicy: rules of one host and namespace merge, and the oldest traffic policy is kept
	// (model/destination_rule.go, mergeDestinationRule).
	RuleOldestPolicy Rule = "destination-rule/oldest-traffic-policy"
	// RuleTie: of two rules of one second the one whose name sorts first counts as the older
	// (model/push_context.go, sortConfigBySelectorAndCreationTime).
	RuleTie Rule = "destination-rule/tie-by-name"
	// RuleSubsetsJoin: rules of one host and namespace merge, and their subsets add up
	// (model/destination_rule.go, mergeDestinationRule).
	RuleSubsetsJoin Rule = "destination-rule/subsets-join"
	// RuleExportTo: a rule is seen where its exportTo says
	// (https://istio.io/latest/docs/reference/config/networking/destination-rule/#DestinationRule-export_to).
	RuleExportTo Rule = "destination-rule/export-to"
	// RuleSelector: a rule with a workloadSelector holds for clients that it selects in its namespace, and stands above
	// one without (model/sidecar.go, DestinationRule).
	RuleSelector Rule = "destination-rule/workload-selector"
	// RuleTLS: the traffic policy's TLS settings
	// (https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings).
	RuleTLS Rule = "destination-rule/tls"
	// RuleNoTLS: a rule without TLS settings leaves the mode to auto-mTLS
	// (https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/#auto-mtls).
	RuleNoTLS Rule = "destination-rule/no-tls"
	// RulePort: portLevelSettings of a port replace the whole policy, what they leave out included
	// (networking/util/util.go, GetPortLevelTrafficPolicy).
	RulePort Rule = "destination-rule/port-replaces-policy"
	// RulePortByService: portLevelSettings are keyed by the Service's port, not the workload's
	// (networking/util/util.go, GetPortLevelTrafficPolicy).
	RulePortByService Rule = "destination-rule/port-by-service-port"
	// RuleSubsetInherits: a subset takes what it does not say from the rule
	// (networking/util/util.go, MergeSubsetTrafficPolicy).
	RuleSubsetInherits Rule = "destination-rule/subset-inherits"
	// RuleSubsetOverrides: a subset's TLS settings stand above the rule's
	// (networking/util/util.go, MergeSubsetTrafficPolicy).
	RuleSubsetOverrides Rule = "destination-rule/subset-overrides"
	// RuleNoSubset: a subset that no rule defines has no cluster (networking/core/cluster_builder.go, buildSubsetCluster).
	RuleNoSubset Rule = "destination-rule/subset-undefined"
	// RuleCredentialDropped: a sidecar drops a credentialName of a rule without workloadSelector, and sends plaintext
	// (networking/core/cluster_tls.go, buildUpstreamClusterTLSContext).
	RuleCredentialDropped Rule = "destination-rule/credential-without-selector"
	// RuleNames: subjectAltNames replace the identities that the mesh knows of the service
	// (networking/core/cluster_tls.go, buildUpstreamTLSSettings).
	RuleNames Rule = "destination-rule/subject-alt-names"
	// RuleAutoNames: SIMPLE and MUTUAL without SNI and names ask for the request's host in the certificate
	// (networking/core/cluster_tls.go, setAutoSniAndAutoSanValidation).
	RuleAutoNames Rule = "destination-rule/auto-san-validation"
	// RuleSystemRoots: SIMPLE and MUTUAL without caCertificates trust the system's roots
	// (networking/core/cluster_tls.go, constructUpstreamTLS).
	RuleSystemRoots Rule = "destination-rule/system-roots"
	// RuleSkipVerify: insecureSkipVerify takes any certificate of the server
	// (networking/core/cluster_tls.go, constructUpstreamTLS).
	RuleSkipVerify Rule = "destination-rule/insecure-skip-verify"
	// RuleOwnALPN: SIMPLE and MUTUAL offer none of Istio's ALPNs
	// (networking/core/cluster_tls.go, constructUpstreamTLS).
	RuleOwnALPN Rule = "destination-rule/no-istio-alpn"
)

// The rules of auto-mTLS and of what stands behind a service's name.
const (
	// AutoOff: with enableAutoMtls false a client without TLS settings sends plaintext
	// (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-enable_auto_mtls).
	AutoOff Rule = "auto-mtls/off"
	// AutoClusters: a cluster can do mTLS by the policies of mesh and namespace alone
	// (model/push_context.go, BestEffortInferServiceMTLSMode).
	AutoClusters Rule = "auto-mtls/clusters"
	// AutoEndpoints: an endpoint gets mTLS by its tlsMode label and by the policy of its workload and port
	// (xds/endpoints/mtls_checker.go, checkMtlsEnabled).
	AutoEndpoints Rule = "auto-mtls/endpoints"
	// AutoDisagree: the two deciders of auto-mTLS differ; mTLS needs both
	// (networking/core/cluster_tls.go, tlsMode-istio and tlsMode-disabled).
	AutoDisagree Rule = "auto-mtls/disagree"
	// AutoRuleEndpoints: for endpoints the rule's own TLS mode counts even where a port entry resets it for clusters
	// (xds/endpoints/mtls_checker.go, trafficPolicyTLSModeForPort).
	AutoRuleEndpoints Rule = "auto-mtls/endpoints-by-rule"
	// AutoAllOrNothing: pass-through clusters do mTLS only when every endpoint can, and then to every endpoint
	// (networking/core/cluster_tls.go, ORIGINAL_DST).
	AutoAllOrNothing Rule = "auto-mtls/all-or-nothing"
	// AutoNoEndpoints: a pass-through cluster without endpoints does no mTLS
	// (model/push_context.go, BestEffortInferServiceMTLSMode).
	AutoNoEndpoints Rule = "auto-mtls/no-endpoints"
	// TLSModeLabel: the label security.istio.io/tlsMode says whether an endpoint takes mTLS; none means no
	// (model/service.go, GetTLSModeFromEndpointLabels).
	TLSModeLabel Rule = "workload/tls-mode-label"
	// GatewayNoLabel: a gateway's pods carry no tlsMode label, so auto-mTLS sends them plaintext
	// (manifests/charts/gateway; model/service.go, GetTLSModeFromEndpointLabels).
	GatewayNoLabel Rule = "workload/gateway-no-tls-mode"
	// ServiceHeadless: a sidecar passes a headless service's traffic to the address that the client chose
	// (networking/core/cluster.go, convertResolution).
	ServiceHeadless Rule = "service/headless"
	// ServiceHeadlessGateway: a gateway picks among a headless service's endpoints itself
	// (networking/core/cluster.go, convertResolution).
	ServiceHeadlessGateway Rule = "service/headless-by-gateway"
	// ServiceAlias: an ExternalName stands for its target, and a rule on its own name does nothing
	// (serviceregistry/kube/conversion.go, Alias).
	ServiceAlias Rule = "service/external-name"
	// PassthroughLB: load balancing PASSTHROUGH makes the cluster ORIGINAL_DST
	// (networking/core/cluster_traffic_policy.go, applyLoadBalancer).
	PassthroughLB Rule = "destination-rule/lb-passthrough"
	// EntryExternal: a MESH_EXTERNAL ServiceEntry never has auto-mTLS
	// (model/push_context.go, BestEffortInferServiceMTLSMode).
	EntryExternal Rule = "service-entry/external"
	// EntryInternal: a MESH_INTERNAL ServiceEntry is a service like any
	// (https://istio.io/latest/docs/reference/config/networking/service-entry/#ServiceEntry-Location).
	EntryInternal Rule = "service-entry/internal"
	// EntryEndpointMode: an endpoint of a ServiceEntry takes mTLS by its label, or when it names a service account
	// (serviceregistry/serviceentry/conversion.go, getTLSModeFromWorkloadEntry).
	EntryEndpointMode Rule = "service-entry/endpoint-tls-mode"
	// EntryByPort: a TCP port of a ServiceEntry without addresses takes all of a client's traffic to that port
	// (https://istio.io/latest/docs/reference/config/networking/service-entry/#ServiceEntry-addresses).
	EntryByPort Rule = "service-entry/port-without-address"
	// PassthroughCluster: traffic to an address that the mesh does not know leaves a sidecar as it came
	// (networking/core/cluster_builder.go, buildDefaultPassthroughCluster).
	PassthroughCluster Rule = "passthrough-cluster"
	// RegistryOnly: with outboundTrafficPolicy REGISTRY_ONLY such traffic has no cluster
	// (https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/).
	RegistryOnly Rule = "passthrough-cluster/registry-only"
	// GatewayNoPassthrough: a gateway has no cluster for addresses that the mesh does not know
	// (networking/core/cluster.go, BuildClusters).
	GatewayNoPassthrough Rule = "passthrough-cluster/not-on-gateways"
)

// The rules of identity.
const (
	// TrustDomainRefused: a server accepts identities of its trust domain alone
	// (networking/plugin/authn/util.go; https://istio.io/latest/docs/concepts/security/#istio-identity).
	TrustDomainRefused Rule = "trust-domain/own-only"
	// RootSecond: a certificate of any root in the trust bundle is accepted
	// (https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/; bootstrap/istio_ca.go, handleEvent).
	RootSecond Rule = "root/second"
	// TrustDomainAlias: an alias counts as the mesh's own trust domain
	// (https://istio.io/latest/docs/tasks/security/authorization/authz-td-migration/).
	TrustDomainAlias Rule = "trust-domain/alias"
	// AuthzDeny: a DENY policy that matches refuses
	// (https://istio.io/latest/docs/reference/config/security/authorization-policy/).
	AuthzDeny Rule = "authorization/deny"
	// AuthzAllow: an ALLOW policy that matches lets pass
	// (https://istio.io/latest/docs/reference/config/security/authorization-policy/).
	AuthzAllow Rule = "authorization/allow"
	// AuthzNoAllow: where ALLOW policies exist and none matches, the request is refused
	// (https://istio.io/latest/docs/reference/config/security/authorization-policy/).
	AuthzNoAllow Rule = "authorization/no-allow"
	// AuthzNoIdentity: over plaintext there is no principal, so no policy on principals matches
	// (https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source).
	AuthzNoIdentity Rule = "authorization/no-principal-in-plaintext"
	// AuthzAlias: a principal of the mesh's trust domain stands for the aliases too
	// (security/trustdomain/bundle.go, ReplaceTrustDomainAliases).
	AuthzAlias Rule = "authorization/trust-domain-alias"
)
