package oracle

import "strings"

// DomainOf is the domain that a program is given by its argument --domain, as "--domain X" or "--domain=X"; empty for none.
// istiod is given the cluster's domain (https://istio.io/latest/docs/reference/commands/pilot-discovery/), a proxy's agent its
// namespace's, NAMESPACE.svc.DOMAIN (https://istio.io/latest/docs/reference/commands/pilot-agent/), where the namespace may be
// written $(POD_NAMESPACE).
func DomainOf(arguments []string) string {
	const flag = "--domain"
	for i, argument := range arguments {
		value, joined := strings.CutPrefix(argument, flag+"=")
		switch {
		case joined:
		case argument == flag && i+1 < len(arguments):
			value = arguments[i+1]
		default:
			continue
		}
		return ClusterDomain(value)
	}
	return ""
}

// ClusterDomain is the cluster's part of a domain: of NAMESPACE.svc.DOMAIN what follows svc.
func ClusterDomain(domain string) string {
	if _, after, found := strings.Cut(domain, ".svc."); found {
		return after
	}
	return domain
}
