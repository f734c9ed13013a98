package oracle

// clientSources are those of the rules that decide a client's mode.
var clientSources = map[Rule]Source{
	ClientNoProxy: {Documents: []Document{
		{tlsSidecars, "DestinationRule is used to configure what type of TLS traffic the sidecar will send."},
	}},
	ClientBypassed: {Documents: []Document{
		{annotations, "A comma separated list of outbound ports to be excluded from redirection to Envoy."},
		{annotations, "A comma separated list of IP ranges in CIDR form to be excluded from redirection."},
		{appRequirements + "#pod-requirements", "Ensure your pods do not run applications as a user with the user ID (UID) value of 1337 because 1337 is reserved for the sidecar proxy."},
	}},
	RuleClientNamespace: {Documents: []Document{
		{lookupPath, "the namespace also needs to be on the destination rule lookup path: client namespace, service namespace, the configured meshconfig.rootNamespace namespace"},
	}},
	RuleServiceNamespace: {
		Documents: []Document{{lookupPath, "the namespace also needs to be on the destination rule lookup path: client namespace, service namespace, the configured meshconfig.rootNamespace namespace"}},
		Code:      []string{codeRules},
	},
	RuleRootNamespace: {
		Documents: []Document{{lookupPath, "You can also move the destination rule to the istio-system namespace, the third namespace on the lookup path"}},
		Code:      []string{codeRules},
	},
	RuleRootClient: {
		Code:         []string{"pilot/pkg/model/push_context.go, rootNamespaceLocal"},
		Undocumented: allOfIt, Searched: searchedRules,
		Against: []Document{{lookupPath, "destination rule lookup path: 1. client namespace 2. service namespace … the destination rule would be applied, because it is in the first namespace on the lookup path, that is, in the client namespace"}},
	},
	RuleHides: {
		Documents: []Document{{authnPolicyOf14 + "#globally-enabling-istio-mutual-tls", "the rule must contain a similar TLS block with ISTIO_MUTUAL mode, as otherwise it will override the mesh- or namespace-wide TLS settings"}},
		Code:      []string{codeRules},
	},
	RuleExact:   {Code: []string{"pilot/pkg/model/config.go, MostSpecificHostMatch"}, Undocumented: allOfIt, Searched: searchedRules},
	RuleLongest: {Code: []string{codeWildcard}, Undocumented: allOfIt, Searched: searchedRules},
	RuleWildcard: {
		Documents: []Document{{authnPolicyOf14 + "#namespace-wide-policy", "Host *.foo.svc.cluster.local limits the matches to services in foo namespace only."}},
		Code:      []string{codeWildcard},
	},
	RuleShortName: {
		Documents: []Document{{ruleHost, "Istio will interpret the short name based on the namespace of the rule, not the service."}},
		Code:      []string{"pilot/pkg/model/config.go, ResolveShortnameToFQDN"},
	},
	RuleOldestPolicy: {
		Documents:    []Document{{splitRules, "When top-level traffic policies are defined in multiple destination rules, the first one processed will be used."}},
		Code:         []string{codeMerge},
		Undocumented: "that the oldest is processed first", Searched: searchedRules,
	},
	RuleTie: {
		Code:         []string{"pilot/pkg/model/push_context.go, sortConfigBySelectorAndCreationTime"},
		Undocumented: allOfIt, Searched: searchedRules,
	},
	RuleApart: {
		Code:         []string{codeMerge + " (appendSeparately)", "pilot/pkg/model/sidecar.go, DestinationRule (catchAllDr)"},
		Undocumented: allOfIt, Searched: searchedRules,
	},
	RuleSubsetsJoin: {
		Documents: []Document{{splitRules, "Pilot will merge such destination rules … There should only be one definition of any given subset across multiple destination rules for the same host."}},
		Code:      []string{codeMerge},
	},
	RuleExportTo: {Documents: []Document{
		{ruleReference + "#DestinationRule-export_to", "A list of namespaces to which this destination rule is exported."},
	}},
	RuleSelector: {
		Documents:    []Document{{ruleSelectorIn, "the DestinationRule configuration will be applied only to the workload instances matching the workload selector label in the same namespace"}},
		Code:         []string{"pilot/pkg/model/sidecar.go, DestinationRule"},
		Undocumented: "that it stands above a rule without a selector", Searched: searchedRules,
	},
	RuleTLS: {Documents: []Document{
		{ruleTLS + "-mode", "Indicates whether connections to this port should be secured using TLS. The value of this field determines how TLS is enforced."},
	}},
	RuleNoTLS: {
		Documents: []Document{{tlsAuto, "If TLS settings are not explicitly configured in a DestinationRule, the sidecar will automatically determine if Istio mutual TLS should be sent."}},
		Against:   []Document{{networkProblems + "#503-errors-after-setting-destination-rule", "the DestinationRule must include … mode: ISTIO_MUTUAL. Otherwise, the mode defaults to DISABLE causing client proxy sidecars to make plain HTTP requests"}},
	},
	RulePort: {
		Documents: []Document{{rulePorts, "Traffic settings specified at the destination-level will not be inherited when overridden by port-level settings, i.e. default values will be applied to fields omitted."}},
		Code:      []string{codePort},
	},
	RulePortByService: {
		Documents: []Document{{ruleReference + "#TrafficPolicy-PortTrafficPolicy-port", "Specifies the number of a port on the destination service on which this policy is being applied."}},
		Code:      []string{codePort},
	},
	RuleSubsetInherits: {
		Documents: []Document{{ruleSubset, "Subsets inherit the traffic policies specified at the DestinationRule level."}},
		Code:      []string{codeSubset},
	},
	RuleSubsetOverrides: {
		Documents: []Document{{ruleSubset, "Settings specified at the subset level will override the corresponding settings specified at the DestinationRule level."}},
		Code:      []string{codeSubset},
	},
	RuleNoSubset: {
		Documents: []Document{{trafficPractice + "#avoid-503-errors-while-reconfiguring-service-routes", "the Envoy configuration generated by Pilot would refer to non-existent upstream pools. This results in HTTP 503 errors"}},
		Code:      []string{"pilot/pkg/networking/core/cluster_builder.go, buildSubsetCluster"},
	},
	RuleCredentialDropped: {
		Documents:    []Document{{ruleTLS + "-credential_name", "This field is applicable at sidecars only if DestinationRule has a workloadSelector specified."}},
		Code:         []string{"pilot/pkg/networking/core/cluster_tls.go, buildUpstreamClusterTLSContext"},
		Undocumented: "that the sidecar then sends plaintext", Searched: searchedRules,
		Against: []Document{{ruleTLS + "-credential_name", "Otherwise the field will be applicable only at gateways, and sidecars will continue to use the certificate paths."}},
	},
	RuleNames: {
		Documents: []Document{{ruleTLS + "-subject_alt_names", "If specified, the proxy will verify that the server certificate's subject alt name matches one of the specified values."}},
		Code:      []string{"pilot/pkg/networking/core/cluster_tls.go, buildUpstreamTLSSettings"},
	},
	RuleAutoNames: {
		Documents: []Document{
			{ruleTLS + "-subject_alt_names", "If unspecified, automatic validation of upstream presented certificate for new upstream connections will be done based on the downstream HTTP host/authority header."},
			{changesOf21, "Fixed an issue where auto-san-validation was enabled even when SNI was explicitly set in the DestinationRule."},
		},
		Code: []string{"pilot/pkg/networking/core/cluster_tls.go, setAutoSniAndAutoSanValidation"},
	},
	RuleSystemRoots: {
		Documents: []Document{
			{ruleTLS + "-ca_certificates", "If omitted, the proxy will verify the server's certificate using the OS CA certificates."},
			{upgradeTo21, "server certificates will be automatically verified using the OS CA certificates when not using a DestinationRule caCertificates field"},
		},
		Code:    []string{codeUpstream},
		Against: []Document{{analysis0128, "No caCertificates are set in DestinationRule, this results in no verification of presented server certificate."}},
	},
	RuleSkipVerify: {
		Documents: []Document{{ruleTLS + "-insecure_skip_verify", "insecureSkipVerify specifies whether the proxy should skip verifying the CA signature and SAN for the server certificate."}},
		Code:      []string{codeUpstream},
	},
	RuleOwnALPN: {Code: []string{codeUpstream}, Undocumented: allOfIt, Searched: append([]Page{changesOf82}, searchedChain...)},
}
