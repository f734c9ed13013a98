package oracle

// identitySources are those of the rules of identity.
var identitySources = map[Rule]Source{
	TrustDomainRefused: {
		Documents: []Document{{changesOf8, "Added Trust Domain Validation by default rejecting requests in sidecars if the request is not from same trust domain or if it's not in the TrustDomainAliases specified in the MeshConfig."}},
		Code:      []string{"pilot/pkg/networking/plugin/authn/util.go, TrustDomain"},
	},
	RootSecond: {
		Documents: []Document{{meshReference + "#MeshConfig-ca_certificates", "The extra root certificates for workload-to-workload communication."}},
		Code:      []string{"pilot/pkg/bootstrap/istio_ca.go, handleEvent"},
	},
	TrustDomainAlias: {Documents: []Document{
		{meshReference + "#MeshConfig-trust_domain_aliases", "Any service with the identity td1/ns/foo/sa/a-service-account, td2/… or td3/… will be treated the same in the Istio mesh."},
	}},
	AuthzDeny: {Documents: []Document{
		{authzReference, "If there are any DENY policies that match the request, deny the request."},
	}},
	AuthzAllow: {Documents: []Document{
		{authzReference, "If any of the ALLOW policies match the request, allow the request."},
	}},
	AuthzNoAllow: {Documents: []Document{
		{authzReference, "Deny the request."},
	}},
	AuthzNoIdentity: {Documents: []Document{
		{authzReference + "#Source-principals", "This field requires mTLS enabled and is the same as the source.principal attribute."},
		{"https://istio.io/latest/news/security/istio-security-2021-004/", "These mTLS-only fields will never match when the traffic is plain text (non mTLS)."},
	}},
	AuthzAlias: {
		Documents: []Document{
			{meshReference + "#MeshConfig-trust_domain_aliases", "Any service with the identity td1/ns/foo/sa/a-service-account, td2/… or td3/… will be treated the same in the Istio mesh."},
			{domainMigration + "#best-practices", "in authorization policy, cluster.local is a pointer that points to the current trust domain, as well as its aliases"},
		},
		Code: []string{"pilot/pkg/security/trustdomain/bundle.go, ReplaceTrustDomainAliases"},
	},
}
