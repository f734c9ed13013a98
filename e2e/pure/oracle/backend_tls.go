package oracle

import (
	"cmp"
	"fmt"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

const (
	backendTLSKind = "BackendTLSPolicy"
	// configMapPrefix begins a credentialName that names a ConfigMap (istio/istio pilot/pkg/model/credentials/resource.go).
	configMapPrefix = "configmap://"
)

// written tells a rule that a BackendTLSPolicy stands for from one that a person wrote, which comes later: istiod makes the
// former without a time of creation.
func written(r rule) int {
	if r.Kind == backendTLSKind {
		return 0
	}
	return 1
}

// besidePolicy is why a DestinationRule beside a BackendTLSPolicy cannot be told: Istio 1.30 keeps the policy's settings, and
// 1.31 those of the DestinationRule (istio/istio pilot/pkg/model/destination_rule.go, mergeDestinationRule). It is empty where
// the DestinationRule says nothing that decides a hop.
func besidePolicy(policy Meta, r rule) string {
	own := r.Spec.GetTrafficPolicy()
	levels := slices.ContainsFunc(own.GetPortLevelSettings(), func(level *networking.TrafficPolicy_PortTrafficPolicy) bool {
		return level.GetTls() != nil || level.GetLoadBalancer() != nil
	})
	if own.GetTls() == nil && own.GetLoadBalancer() == nil && !levels {
		return ""
	}
	return fmt.Sprintf("%s and %s are for the same host: Istio 1.30 follows the former, and 1.31 the latter", policy, r.Meta)
}

// backendRules are the rules that istiod makes of BackendTLSPolicies, one for each host that they are for
// (istio/istio pilot/pkg/config/kube/gateway/backend_policies.go, DestinationRuleCollection).
func (s Snapshot) backendRules() []rule {
	var all []rule
	for _, policy := range s.backendsByAge() {
		for _, target := range policy.Spec.TargetRefs {
			for _, host := range s.targetHosts(target, policy.Namespace) {
				all = s.withTarget(all, policy, host, target.SectionName)
			}
		}
	}
	return all
}

func (s Snapshot) backendsByAge() []Object[*BackendTLSPolicy] {
	policies := slices.Clone(s.BackendTLSPolicies)
	slices.SortStableFunc(policies, func(a, b Object[*BackendTLSPolicy]) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return policies
}

// targetHosts are the hosts of the Service or ServiceEntry that a policy is for.
func (s Snapshot) targetHosts(target apiReference, namespace string) []string {
	target.Namespace = namespace
	switch {
	case target.Group == "" && target.Kind == "Service":
		return s.serviceHosts(target)
	case target.Group == "networking.istio.io" && target.Kind == "ServiceEntry":
		return s.entryHosts(target)
	}
	return nil
}

// withTarget adds a policy's settings for a host, or for one of its ports by name. The oldest policy of a host or port counts,
// and none does for a port that is not there.
func (s Snapshot) withTarget(all []rule, policy Object[*BackendTLSPolicy], host, section string) []rule {
	port, found := s.portNamed(host, section)
	if section != "" && !found {
		return all
	}
	i := slices.IndexFunc(all, func(r rule) bool { return r.Spec.GetHost() == host && r.Namespace == policy.Namespace })
	if i < 0 {
		i = len(all)
		meta := Meta{Kind: backendTLSKind, Name: policy.Name, Namespace: policy.Namespace}
		all = append(all, rule{Meta: meta, Spec: &networking.DestinationRule{Host: host, TrafficPolicy: &networking.TrafficPolicy{}}})
	}
	settings := all[i].Spec.TrafficPolicy
	switch {
	case section == "" && settings.Tls == nil:
		settings.Tls = policy.Spec.settings(policy.Namespace)
	case section != "" && !slices.ContainsFunc(settings.PortLevelSettings, func(own *networking.TrafficPolicy_PortTrafficPolicy) bool {
		return own.GetPort().GetNumber() == uint32(port)
	}):
		settings.PortLevelSettings = append(settings.PortLevelSettings, &networking.TrafficPolicy_PortTrafficPolicy{
			Port: &networking.PortSelector{Number: uint32(port)}, Tls: policy.Spec.settings(policy.Namespace),
		})
	}
	return all
}

// portNamed is the number of a host's port by its name.
func (s Snapshot) portNamed(host, name string) (number uint16, found bool) {
	service, _ := s.registry(host)
	i := slices.IndexFunc(service.ports, func(p Port) bool { return p.Name == name })
	if i < 0 {
		return 0, false
	}
	return service.ports[i].Number, true
}

// settings are the policy's TLS settings: the roots of a ConfigMap, else the system's. The first certificate reference counts.
func (p *BackendTLSPolicy) settings(namespace string) *networking.ClientTLSSettings {
	tls := &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE, Sni: p.Validation.Hostname}
	for _, name := range p.Validation.SubjectAltNames {
		tls.SubjectAltNames = append(tls.SubjectAltNames, cmp.Or(name.Hostname, name.URI))
	}
	if refs := p.Validation.CACertificateRefs; len(refs) > 0 && p.Validation.WellKnownCACertificates == "" {
		tls.CredentialName = configMapPrefix + namespace + "/" + refs[0].Name
	}
	return tls
}

// lostBackends are the policies for a service, or for its port, of which an older one is for the same.
func (s Snapshot) lostBackends(to *target) []loss {
	first := map[string]string{}
	var all []loss
	for _, policy := range s.backendsByAge() {
		for _, target := range policy.Spec.TargetRefs {
			if !slices.Contains(s.targetHosts(target, policy.Namespace), to.host) || target.SectionName != "" && target.SectionName != to.port.Name {
				continue
			}
			if before, found := first[target.SectionName]; found {
				all = append(all, loss{policy.String(), BackendTLS, before + " is for the same target, and comes first"})
				continue
			}
			first[target.SectionName] = policy.String()
		}
	}
	return all
}
