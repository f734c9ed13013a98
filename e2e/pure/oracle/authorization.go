package oracle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"

	"mtls.test/conformance/e2e/pure/hop"
)

// authorize judges the identity that a client proved, DENY before ALLOW; nil lets pass
// (https://istio.io/latest/docs/concepts/security/#implicit-enablement).
func (s Snapshot) authorize(w Workload, port uint16, identity hop.Identity, t usedRules) *result {
	asked := access{mesh: s.Mesh, port: port, principal: strings.TrimPrefix(string(identity), "spiffe://")}
	var allow []Object[*security.AuthorizationPolicy]
	for _, policy := range s.authorizations(w) {
		switch policy.Spec.GetAction() {
		case security.AuthorizationPolicy_DENY:
			match, known := asked.any(policy.Spec.GetRules(), t)
			if !known {
				return undecided(fmt.Sprintf("%s asks for more of a request than the snapshot tells", policy.Meta))
			}
			if match {
				t.use(AuthzDeny)
				return refused(hop.Unauthorized, fmt.Sprintf("%s denies %s", policy.Meta, asked)).by(policy)
			}
		case security.AuthorizationPolicy_ALLOW:
			allow = append(allow, policy)
		case security.AuthorizationPolicy_CUSTOM:
			return undecided(fmt.Sprintf("%s leaves the word to a provider", policy.Meta))
		}
	}
	unknown := ""
	for _, policy := range allow {
		match, known := asked.any(policy.Spec.GetRules(), t)
		if match {
			t.use(AuthzAllow)
			return nil
		}
		if !known {
			unknown = policy.String()
		}
	}
	switch {
	case unknown != "":
		return undecided(unknown + " asks for more of a request than the snapshot tells")
	case len(allow) == 0:
		return nil
	}
	t.use(AuthzNoAllow)
	return refused(hop.Unauthorized, fmt.Sprintf("no ALLOW policy on %s names %s", w, asked)).by(allow...)
}

// by names the policies that refuse.
func (r *result) by(policies ...Object[*security.AuthorizationPolicy]) *result {
	for _, policy := range policies {
		r.refusers = append(r.refusers, policy.String())
	}
	return r
}

// authorizations are the policies that a workload's proxy enforces; those of the root namespace reach every namespace,
// selectors included.
func (s Snapshot) authorizations(w Workload) []Object[*security.AuthorizationPolicy] {
	return sortedByAge(s.AuthorizationPolicies, func(p Object[*security.AuthorizationPolicy]) bool {
		near := p.Namespace == w.Namespace || p.Namespace == s.Mesh.RootNamespace
		return near && p.Spec.GetTargetRef() == nil && len(p.Spec.GetTargetRefs()) == 0 &&
			selects(p.Spec.GetSelector().GetMatchLabels(), w.Labels)
	})
}

// access is the request that a policy is evaluated for.
type access struct {
	mesh      Mesh
	port      uint16
	principal string // TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT; empty over plaintext
}

// String names the client that requests access.
func (a access) String() string {
	if a.principal == "" {
		return "a client without identity"
	}
	return a.principal
}

// any reports whether a rule matches; known is false where that depends on data that a snapshot does not hold.
func (a access) any(rules []*security.Rule, t usedRules) (match, known bool) {
	known = true
	for _, rule := range rules {
		matches, certain := a.rule(rule, t)
		if matches && certain {
			return true, true
		}
		known = known && (certain || !matches)
	}
	return false, known
}

func (a access) rule(rule *security.Rule, t usedRules) (match, known bool) {
	known = len(rule.GetWhen()) == 0
	from := len(rule.GetFrom()) == 0
	for _, source := range rule.GetFrom() {
		matches, certain := a.source(source.GetSource(), t)
		from = from || matches
		known = known && certain
	}
	to := len(rule.GetTo()) == 0
	for _, operation := range rule.GetTo() {
		matches, certain := a.operation(operation.GetOperation())
		to = to || matches
		known = known && certain
	}
	return from && to, known
}

func (a access) source(source *security.Source, t usedRules) (match, known bool) {
	known = len(source.GetIpBlocks())+len(source.GetNotIpBlocks())+len(source.GetRemoteIpBlocks())+len(source.GetNotRemoteIpBlocks())+
		len(source.GetRequestPrincipals())+len(source.GetNotRequestPrincipals()) == 0
	asksWho := len(source.GetPrincipals())+len(source.GetNamespaces())+len(source.GetServiceAccounts()) > 0
	if asksWho && a.principal == "" {
		t.use(AuthzNoIdentity)
	}
	_, namespace, account := a.parts()
	match = a.oneOf(source.GetPrincipals(), t) && !a.someOf(source.GetNotPrincipals(), t) &&
		given(source.GetNamespaces(), namespace) && !some(source.GetNotNamespaces(), namespace) &&
		given(source.GetServiceAccounts(), namespace+"/"+account) && !some(source.GetNotServiceAccounts(), namespace+"/"+account)
	return match, known
}

// parts are the trust domain, namespace and service account of a principal.
func (a access) parts() (domain, namespace, account string) {
	words := strings.Split(a.principal, "/")
	if len(words) != 5 {
		return "", "", ""
	}
	return words[0], words[2], words[4]
}

func (a access) oneOf(principals []string, t usedRules) bool {
	return len(principals) == 0 || a.someOf(principals, t)
}

func (a access) someOf(principals []string, t usedRules) bool {
	if a.principal == "" {
		return false
	}
	for _, principal := range principals {
		if wild(principal, a.principal) {
			return true
		}
		domain, rest, found := strings.Cut(principal, "/")
		own, _, _ := a.parts()
		if !found || rest != strings.TrimPrefix(a.principal, own+"/") {
			continue
		}
		// cluster.local stands for the mesh's own trust domain whatever that is.
		domains := join([]string{a.mesh.TrustDomain}, a.mesh.Aliases)
		if (slices.Contains(domains, domain) || domain == "cluster.local") && slices.Contains(domains, own) {
			t.use(AuthzAlias)
			return true
		}
	}
	return false
}

// operation evaluates the port. The attributes of HTTP are known on HTTP ports only.
func (a access) operation(operation *security.Operation) (match, known bool) {
	attributes := len(operation.GetHosts())+len(operation.GetNotHosts())+len(operation.GetMethods())+len(operation.GetNotMethods())+
		len(operation.GetPaths())+len(operation.GetNotPaths()) > 0
	port := strconv.Itoa(int(a.port))
	return given(operation.GetPorts(), port) && !some(operation.GetNotPorts(), port), !attributes
}

func given(values []string, own string) bool { return len(values) == 0 || some(values, own) }

func some(values []string, own string) bool {
	return own != "" && slices.ContainsFunc(values, func(value string) bool { return wild(value, own) })
}

// wild matches a value as policies write it: whole, PREFIX*, *SUFFIX, or * for any that is there.
func wild(value, own string) bool {
	switch {
	case value == "*":
		return own != ""
	case strings.HasPrefix(value, "*"):
		return strings.HasSuffix(own, value[1:])
	case strings.HasSuffix(value, "*"):
		return strings.HasPrefix(own, value[:len(value)-1])
	}
	return value == own
}
