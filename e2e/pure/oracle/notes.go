package oracle

import (
	"fmt"
	"maps"
	"slices"

	security "istio.io/api/security/v1beta1"
)

// Notes name what objects of the mesh leave without effect on a host although they are written for it: policies that are
// shadowed or ignored, portLevelMtls keys that no port has, and DestinationRules that no client's lookup reaches. They change no answer.
func (s Snapshot) Notes(host Host) []string {
	notes := map[string]bool{}
	for _, name := range s.Behind(host) {
		workload, _ := s.workload(name)
		if !sidecarAt(&workload) {
			continue
		}
		for _, note := range slices.Concat(s.shadowed(workload), s.ignored(workload), s.keysOfNoPort(workload, host)) {
			notes[note] = true
		}
	}
	for _, note := range s.unreachedRules(host) {
		notes[note] = true
	}
	return slices.Sorted(maps.Keys(notes))
}

// shadowed names policies of one scope that an older one keeps from effect (rule ServerOldest).
func (s Snapshot) shadowed(w Workload) []string {
	var all []string
	for _, scope := range [][]peer{s.meshPeers(), s.namespacePeers(w.Namespace), s.workloadPeers(w.Namespace, w.Labels)} {
		for i, policy := range scope {
			if i > 0 {
				all = append(all, fmt.Sprintf("%s has no effect on %s: %s of the same scope is older or, of one second, first by name, and they do not merge", policy.Meta, w, scope[0].Meta))
			}
		}
	}
	return all
}

// ignored names policies of the root namespace whose selector selects the workload (rule ServerRootSelector).
func (s Snapshot) ignored(w Workload) []string {
	var all []string
	for _, policy := range s.ignoredPeers(w.Labels) {
		all = append(all, fmt.Sprintf("%s has no effect: it is in the root namespace and has a selector", policy.Meta))
	}
	return all
}

// keysOfNoPort names keys of portLevelMtls that are no port which the workload's Services or containers declare
// (rule ServerPortByWorkload).
func (s Snapshot) keysOfNoPort(w Workload, host Host) []string {
	var all []string
	for _, policy := range s.workloadPeers(w.Namespace, w.Labels) {
		for _, key := range slices.Sorted(maps.Keys(policy.Spec.GetPortLevelMtls())) {
			if s.declares(w, uint16(key)) {
				continue
			}
			note := fmt.Sprintf("key %d of portLevelMtls of %s is no port that %s declares, by a Service or a container", key, policy.Meta, w)
			for _, port := range host.Ports {
				if uint32(port.Number) == key {
					note += fmt.Sprintf(": it is the Service's port, and the workload's is %d", port.At(w))
				}
			}
			all = append(all, note)
		}
	}
	return all
}

// declares reports whether a workload's port is one of its containers', or behind one of its Services.
func (s Snapshot) declares(w Workload, port uint16) bool {
	for _, own := range w.Ports {
		if own == port {
			return true
		}
	}
	_, inService := s.inbound(w, port, target{entry: true})
	return inService
}

// unreachedRules names DestinationRules for the host that stand where no client looks: neither in a client's namespace, nor in the
// service's, nor in the root namespace
// (https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration).
func (s Snapshot) unreachedRules(host Host) []string {
	var all []string
	for _, own := range s.DestinationRules {
		near := own.Namespace == host.Namespace || own.Namespace == s.Mesh.RootNamespace
		if near || s.fullHost(own) != host.Name || s.hasProxies(own.Namespace) {
			continue
		}
		all = append(all, fmt.Sprintf("%s has no effect: a client looks for rules on %s in its own namespace, in %s and in %s, and no client is in %s", own.Meta, host.Name, host.Namespace, s.Mesh.RootNamespace, own.Namespace))
	}
	return all
}

func (s Snapshot) hasProxies(namespace string) bool {
	return slices.ContainsFunc(s.workloadsIn(namespace), func(w Workload) bool { return w.HasProxy })
}

// NeedIdentity names the policies that a workload's proxy enforces and that ask for the identity of a client, which a hop in the
// clear does not have, and says what becomes of it (rule AuthzNoIdentity).
func (s Snapshot) NeedIdentity(policies []Object[*security.AuthorizationPolicy], workload string) []string {
	server, found := s.workload(workload)
	if !found || !server.HasProxy {
		return nil
	}
	s.AuthorizationPolicies = policies
	var all []string
	for _, policy := range s.authorizations(server) {
		if !slices.ContainsFunc(policy.Spec.GetRules(), asksIdentity) {
			continue
		}
		effect := "it does not match (ALLOW does not let the request pass, DENY does not refuse it)"
		switch policy.Spec.GetAction() {
		case security.AuthorizationPolicy_ALLOW:
			effect = "its ALLOW rules on it do not let the request pass"
		case security.AuthorizationPolicy_DENY:
			effect = "its DENY rules on it do not refuse the request"
		}
		all = append(all, fmt.Sprintf("%s asks for a client's identity, which a hop to %s in the clear does not have: %s", policy.Meta, server, effect))
	}
	return all
}

func asksIdentity(rule *security.Rule) bool {
	for _, from := range rule.GetFrom() {
		source := from.GetSource()
		if len(source.GetPrincipals())+len(source.GetNotPrincipals())+len(source.GetNamespaces())+len(source.GetNotNamespaces())+
			len(source.GetServiceAccounts())+len(source.GetNotServiceAccounts()) > 0 {
			return true
		}
	}
	for _, when := range rule.GetWhen() {
		if when.GetKey() == "source.principal" || when.GetKey() == "source.namespace" || when.GetKey() == "source.serviceAccount" {
			return true
		}
	}
	return false
}
