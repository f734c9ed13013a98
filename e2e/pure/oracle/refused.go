package oracle

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// Refused tells whether the API server, or Istio's webhook for it, refuses an object of the snapshot, and with which
// words; the first object that is refused is named.
func (s Snapshot) Refused() (object, why string, refused bool) {
	for _, policy := range s.PeerAuthentications {
		if why := refusesPeer(policy); why != "" {
			return policy.String(), why, true
		}
	}
	for _, r := range s.DestinationRules {
		if why := refusesRule(r); why != "" {
			return r.String(), why, true
		}
	}
	for _, gateway := range s.Gateways {
		if why := refusesGateway(gateway); why != "" {
			return gateway.String(), why, true
		}
	}
	return "", "", false
}

// refusesPeer holds the schema of istio.io/api kubernetes/customresourcedefinitions.gen.yaml, which the API server asks
// before the webhook; istio/istio pkg/config/validation/validation.go, ValidatePeerAuthentication, would say the same.
func refusesPeer(policy peer) string {
	levels := policy.Spec.GetPortLevelMtls()
	if levels != nil && len(levels) == 0 {
		return "spec.portLevelMtls in body should have at least 1 properties"
	}
	for port := range levels {
		if port == 0 || port > 65535 {
			return "port must be between 1-65535"
		}
	}
	if everyone(policy) && len(levels) > 0 {
		return "portLevelMtls requires selector"
	}
	return ""
}

// refusesRule holds istio/istio pkg/config/validation/validation.go, ValidateDestinationRule.
func refusesRule(r rule) string {
	if why := refusesPolicy(r.Spec.GetTrafficPolicy()); why != "" {
		return why
	}
	var names []string
	for _, own := range r.Spec.GetSubsets() {
		if slices.Contains(names, own.GetName()) {
			return "duplicate subset names: " + own.GetName()
		}
		names = append(names, own.GetName())
		if why := refusesPolicy(own.GetTrafficPolicy()); why != "" {
			return why
		}
	}
	return refusesExport(r)
}

func refusesExport(r rule) string {
	namespaces := make([]string, 0, len(r.Spec.GetExportTo()))
	for _, namespace := range r.Spec.GetExportTo() {
		if namespace == here {
			namespace = r.Namespace
		}
		if slices.Contains(namespaces, namespace) {
			return "duplicate entries in exportTo"
		}
		namespaces = append(namespaces, namespace)
	}
	switch {
	case r.Spec.GetWorkloadSelector() == nil || len(namespaces) == 0:
	case !slices.Contains(namespaces, r.Namespace):
		return "destination rule with workload selector cannot have exportTo beyond current namespace"
	case len(namespaces) > 1:
		return "destination rule with workload selector cannot have multiple entries in exportTo"
	}
	return ""
}

func refusesPolicy(policy *networking.TrafficPolicy) string {
	if why := refusesTLS(policy.GetTls()); why != "" {
		return why
	}
	for _, level := range policy.GetPortLevelSettings() {
		if level.GetPort() == nil {
			return "portLevelSettings must have port"
		}
		if why := refusesTLS(level.GetTls()); why != "" {
			return why
		}
	}
	return ""
}

// refusesTLS holds istio/istio pkg/config/validation/agent/validation.go, ValidateTLS.
func refusesTLS(tls *networking.ClientTLSSettings) string {
	simple, mutual := tls.GetMode() == networking.ClientTLSSettings_SIMPLE, tls.GetMode() == networking.ClientTLSSettings_MUTUAL
	named := tls.GetSubjectAltNames() != nil
	if tls.GetInsecureSkipVerify().GetValue() {
		if simple && (tls.GetCaCertificates() != "" || tls.GetCredentialName() != "" || named) {
			return "cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true"
		}
		if mutual && (tls.GetCaCertificates() != "" || named) {
			return "cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true"
		}
	}
	if (simple || mutual) && tls.GetCredentialName() != "" {
		if tls.GetClientCertificate() != "" || tls.GetCaCertificates() != "" || tls.GetPrivateKey() != "" || tls.GetCaCrl() != "" {
			return "cannot specify client certificates or CA certificate or CA CRL If credentialName is set"
		}
		return ""
	}
	if mutual && tls.GetClientCertificate() == "" {
		return "client certificate required for mutual tls"
	}
	if mutual && tls.GetPrivateKey() == "" {
		return "private key required for mutual tls"
	}
	return ""
}
