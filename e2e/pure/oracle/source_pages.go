package oracle

// The pages that rules cite, or that were searched for rules that no document states.
const (
	concepts         Page = "https://istio.io/latest/docs/concepts/security/"
	conceptsSelector Page = concepts + "#selector-field"
	conceptsPeer     Page = concepts + "#peer-authentication"
	conceptsTraffic  Page = "https://istio.io/latest/docs/concepts/traffic-management/#destination-rules"

	peerReference Page = "https://istio.io/latest/docs/reference/config/security/peer_authentication/"
	peerSelector  Page = peerReference + "#PeerAuthentication-selector"
	peerPorts     Page = peerReference + "#PeerAuthentication-port_level_mtls"
	peerMode      Page = peerReference + "#PeerAuthentication-MutualTLS-Mode"

	authzReference Page = "https://istio.io/latest/docs/reference/config/security/authorization-policy/"

	ruleReference  Page = "https://istio.io/latest/docs/reference/config/networking/destination-rule/"
	ruleHost       Page = ruleReference + "#DestinationRule-host"
	ruleSelectorIn Page = ruleReference + "#DestinationRule-workload_selector"
	rulePorts      Page = ruleReference + "#TrafficPolicy-port_level_settings"
	ruleSubset     Page = ruleReference + "#Subset-traffic_policy"
	ruleTLS        Page = ruleReference + "#ClientTLSSettings"

	routeReference Page = "https://istio.io/latest/docs/reference/config/networking/virtual-service/"

	apiTask          Page = "https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/"
	apiReferencePage Page = "https://gateway-api.sigs.k8s.io/reference/spec/"

	entryReference    Page = "https://istio.io/latest/docs/reference/config/networking/service-entry/"
	workloadReference Page = "https://istio.io/latest/docs/reference/config/networking/workload-entry/"
	sidecarReference  Page = "https://istio.io/latest/docs/reference/config/networking/sidecar/"
	sidecarHosts      Page = sidecarReference + "#IstioEgressListener-hosts"
	gatewayReference  Page = "https://istio.io/latest/docs/reference/config/networking/gateway/"

	meshReference Page = "https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/"
	meshAuto      Page = meshReference + "#MeshConfig-enable_auto_mtls"

	pilotSettings Page = "https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars"
	annotations   Page = "https://istio.io/latest/docs/reference/config/annotations/"
	labels        Page = "https://pkg.go.dev/istio.io/api/label"

	tlsConfiguration  Page = "https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/"
	tlsSidecars       Page = tlsConfiguration + "#sidecars"
	tlsAuto           Page = tlsConfiguration + "#auto-mtls"
	routing           Page = "https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/"
	routingUnmatched  Page = routing + "#unmatched-traffic"
	protocolSelection Page = "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/"
	scoping           Page = "https://istio.io/latest/docs/ops/configuration/mesh/configuration-scoping/"
	appRequirements   Page = "https://istio.io/latest/docs/ops/deployment/application-requirements/"

	trafficPractice Page = "https://istio.io/latest/docs/ops/best-practices/traffic-management/"
	lookupPath      Page = trafficPractice + "#cross-namespace-configuration"
	splitRules      Page = trafficPractice + "#split-virtual-services"
	networkProblems Page = "https://istio.io/latest/docs/ops/common-problems/network-issues/"

	minVersionTask  Page = "https://istio.io/latest/docs/tasks/security/tls-configuration/workload-min-tls-version/"
	pluginCA        Page = "https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/"
	migration       Page = "https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/"
	domainMigration Page = "https://istio.io/latest/docs/tasks/security/authorization/authz-td-migration/"
	gatewaySetup    Page = "https://istio.io/latest/docs/setup/additional-setup/gateway/"

	// Pages of old versions state what later ones left out.
	authnPolicyOf14  Page = "https://istio.io/v1.4/docs/tasks/security/authentication/authn-policy/"
	serviceEntryOf24 Page = "https://istio.io/v1.24/docs/reference/config/networking/service-entry/#ServiceEntry-Location"

	changesOf8   Page = "https://istio.io/latest/news/releases/1.8.x/announcing-1.8/change-notes/"
	changesOf82  Page = "https://istio.io/latest/news/releases/1.8.x/announcing-1.8.2/"
	upgradeTo9   Page = "https://istio.io/latest/news/releases/1.9.x/announcing-1.9/upgrade-notes/"
	changesOf10  Page = "https://istio.io/latest/news/releases/1.10.x/announcing-1.10/change-notes/"
	changesOf12  Page = "https://istio.io/latest/news/releases/1.12.x/announcing-1.12/change-notes/"
	changesOf21  Page = "https://istio.io/latest/news/releases/1.21.x/announcing-1.21/change-notes/"
	upgradeTo21  Page = "https://istio.io/latest/news/releases/1.21.x/announcing-1.21/upgrade-notes/"
	releaseNotes Page = "https://github.com/istio/istio/tree/release-1.31/releasenotes/notes"
	analysis0128 Page = "https://istio.io/latest/docs/reference/config/analysis/ist0128/"
	envoyFlags   Page = "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#config-access-log-format-response-flags"
)

// The code of istiod that several rules cite.
const (
	codeCompose   = "pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication"
	codeChains    = "pilot/pkg/networking/core/filterchain_options.go"
	codeRules     = "pilot/pkg/model/push_context.go, destinationRule"
	codeMerge     = "pilot/pkg/model/destination_rule.go, mergeDestinationRule"
	codeWildcard  = "pilot/pkg/model/config.go, mostSpecificHostWildcardMatch"
	codePort      = "pilot/pkg/networking/util/util.go, GetPortLevelTrafficPolicy"
	codeSubset    = "pilot/pkg/networking/util/util.go, MergeSubsetTrafficPolicy"
	codeUpstream  = "pilot/pkg/networking/core/cluster_tls.go, constructUpstreamTLS"
	codeInfer     = "pilot/pkg/model/push_context.go, BestEffortInferServiceMTLSMode"
	codeEndpoints = "pilot/pkg/xds/endpoints/mtls_checker.go, checkMtlsEnabled"
	codeLabel     = "pilot/pkg/model/service.go, GetTLSModeFromEndpointLabels"
	codeSidecarOf = "pilot/pkg/model/push_context.go, doGetSidecarScope"
	codeScope     = "pilot/pkg/model/sidecar.go, convertIstioListenerToWrapper"
	codeOutbound  = "pilot/pkg/networking/core/listener.go, buildSidecarOutboundListeners"
	codeInbound   = "pilot/pkg/networking/core/listener_inbound.go, buildInboundChainConfigs"
	codeResolve   = "pilot/pkg/networking/core/cluster.go, convertResolution"
	codeGateway   = "pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig"
	codeVisible   = "pilot/pkg/model/push_context.go, VirtualServicesForGateway"
	codeRoute     = "pilot/pkg/networking/core/route/route.go"
)

// allOfIt is what is undocumented of a rule that no document states.
const allOfIt = "all of it"

// Where rules of one subject were searched for.
var (
	searchedPeer  = []Page{peerReference, concepts, migration, releaseNotes}
	searchedChain = []Page{peerReference, concepts, tlsConfiguration, protocolSelection, appRequirements, networkProblems, minVersionTask, pluginCA, releaseNotes}
	searchedRules = []Page{ruleReference, conceptsTraffic, trafficPractice, networkProblems, scoping, releaseNotes}
	searchedScope = []Page{sidecarReference, scoping, routing, trafficPractice, releaseNotes}
	searchedAuto  = []Page{meshReference, tlsConfiguration, concepts, routing, entryReference, labels, pilotSettings, releaseNotes}
	searchedWays  = []Page{routeReference, trafficPractice, routing, networkProblems, releaseNotes}
)
