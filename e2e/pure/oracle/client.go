package oracle

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/istioversion"
)

// route is what a client's proxy has decided before it picks an endpoint.
type route struct {
	Client
	destination *destination
	subset      *subset
	policy      *networking.TrafficPolicy // of this port and subset
	originalDst bool
	// clusterMTLS is the result of the first of the two auto-mTLS decisions.
	clusterMTLS bool
}

// labels are those of the subset, none without one.
func (r route) labels() map[string]string {
	if r.subset == nil {
		return nil
	}
	return r.subset.GetLabels()
}

// route finds the rule and the mode for a service port; a refusal where the client has no cluster.
func (s Snapshot) route(client Workload, to target, name string, t usedRules) (route, *result) {
	r := route{destination: s.destinationFor(client, to.host, to.namespace, t)}
	if name != "" {
		r.subset = r.destination.subset(name)
		if r.subset == nil {
			r.Client = Client{Mode: Auto, Rule: RuleNoSubset}
			return r, refused(hop.NoCluster, fmt.Sprintf("no DestinationRule that %s sees defines subset %s of %s", client, name, to.host))
		}
	}
	if r.destination != nil && r.destination.differs != "" {
		t.use(BackendTLS)
		return r, undecided(r.destination.differs)
	}
	r.policy = r.portPolicy(to.port.Number, t)
	r.originalDst = s.originalDst(client, to, r, t)
	tls := r.policy.GetTls()
	if tls == nil {
		r.Client = s.auto(to, &r, t)
		return r, nil
	}
	r.Client = Client{Mode: clientMode(tls.GetMode()), Object: r.object(tls), Rule: r.tlsRule(tls, t)}
	t.use(r.Rule)
	if r.destination.decides.Kind == backendTLSKind {
		t.use(BackendTLS)
	}
	if dropsCredential(client, tls, r.destination) {
		t.use(RuleCredentialDropped)
		r.Mode, r.Rule = Disable, RuleCredentialDropped
	}
	return r, nil
}

// dropsCredential reports whether a credentialName is one that a sidecar may not use, which a ConfigMap's is not.
func dropsCredential(client Workload, tls *networking.ClientTLSSettings, d *destination) bool {
	own := tls.GetMode() == networking.ClientTLSSettings_SIMPLE || tls.GetMode() == networking.ClientTLSSettings_MUTUAL
	secret := tls.GetCredentialName() != "" && !strings.HasPrefix(tls.GetCredentialName(), configMapPrefix)
	return own && secret && !client.Gateway && d.selector == nil
}

// clientMode reads a mode of ClientTLSSettings.
func clientMode(mode networking.ClientTLSSettings_TLSmode) Mode {
	switch mode {
	case networking.ClientTLSSettings_SIMPLE:
		return Simple
	case networking.ClientTLSSettings_MUTUAL:
		return Mutual
	case networking.ClientTLSSettings_ISTIO_MUTUAL:
		return IstioMutual
	}
	return Disable
}

// portPolicy is the policy of this port and subset: of a subset that merges with the general one, its tls
// (istio/istio pilot/pkg/networking/util/util.go, GetPortLevelTrafficPolicy and MergeSubsetTrafficPolicy).
func (r route) portPolicy(port uint16, t usedRules) *networking.TrafficPolicy {
	if r.destination == nil {
		return nil
	}
	general, replaced := levelPolicy(r.destination.policy, port, t)
	if replaced && r.subset.policy() == nil {
		t.use(RulePort)
	}
	if r.subset == nil {
		return general
	}
	own, whole := levelPolicy(r.subset.policy(), port, t)
	switch {
	case own == nil:
		t.use(RuleSubsetInherits)
		return general
	case whole:
		t.use(RulePort, RuleSubsetOverrides)
		return own
	}
	if own.GetTls() != nil {
		t.use(RuleSubsetOverrides)
		return &networking.TrafficPolicy{Tls: own.GetTls()}
	}
	t.use(RuleSubsetInherits)
	return &networking.TrafficPolicy{Tls: general.GetTls()}
}

// policy of a subset, nil of none.
func (s *subset) policy() *networking.TrafficPolicy {
	if s == nil {
		return nil
	}
	return s.GetTrafficPolicy()
}

// levelPolicy is the entry for a port if there is one; nothing else applies then.
func levelPolicy(policy *networking.TrafficPolicy, port uint16, t usedRules) (*networking.TrafficPolicy, bool) {
	for _, level := range policy.GetPortLevelSettings() {
		if level.GetPort().GetNumber() == uint32(port) {
			t.use(RulePortByService)
			return &networking.TrafficPolicy{Tls: level.GetTls(), LoadBalancer: level.GetLoadBalancer()}, true
		}
	}
	if len(policy.GetPortLevelSettings()) > 0 {
		t.use(RulePortByService)
	}
	return policy, false
}

// object names the rule that the TLS settings stand in.
func (r route) object(tls *networking.ClientTLSSettings) string {
	if r.subset.policy() != nil && holds(r.subset.policy(), tls) {
		return r.subset.by.String()
	}
	return r.destination.decides.String()
}

// tlsRule names the place in the rule that the TLS settings stand in.
func (r route) tlsRule(tls *networking.ClientTLSSettings, t usedRules) Rule {
	t.use(RuleTLS)
	policy := r.destination.policy
	if r.subset.policy() != nil && holds(r.subset.policy(), tls) {
		t.use(RuleSubsetOverrides)
		policy = r.subset.policy()
	}
	if policy.GetTls() != tls {
		return RulePort
	}
	if policy == r.subset.policy() {
		return RuleSubsetOverrides
	}
	return RuleTLS
}

// holds reports whether the policy contains these settings, compared by pointer.
func holds(policy *networking.TrafficPolicy, tls *networking.ClientTLSSettings) bool {
	if policy.GetTls() == tls {
		return true
	}
	for _, level := range policy.GetPortLevelSettings() {
		if level.GetTls() == tls {
			return true
		}
	}
	return false
}

// originalDst reports whether the cluster goes to the address that the client chose
// (istio/istio pilot/pkg/networking/core/cluster.go, convertResolution; cluster_traffic_policy.go, applyLoadBalancer).
func (s Snapshot) originalDst(client Workload, to target, r route, t usedRules) bool {
	if to.passing {
		if client.Gateway {
			t.use(ServiceHeadlessGateway)
		} else {
			t.use(ServiceHeadless)
			return true
		}
	}
	general, _ := levelPolicy(destinationPolicy(r.destination), to.port.Number, usedRules{})
	if passes(r.policy) || passes(general) || passes(r.subset.policy()) {
		t.use(PassthroughLB)
		return true
	}
	return false
}

func destinationPolicy(d *destination) *networking.TrafficPolicy {
	if d == nil {
		return nil
	}
	return d.policy
}

func passes(policy *networking.TrafficPolicy) bool {
	return policy.GetLoadBalancer().GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH
}

// auto is the first decider of auto-mTLS: can the cluster do mTLS
// (istio/istio pilot/pkg/model/push_context.go, BestEffortInferServiceMTLSMode).
func (s Snapshot) auto(to target, r *route, t usedRules) Client {
	if r.destination != nil {
		t.use(RuleNoTLS)
	}
	if to.external {
		t.use(EntryExternal)
		return Client{Mode: Auto, Rule: EntryExternal}
	}
	if !s.Mesh.AutoMTLS {
		t.use(AutoOff)
		return Client{Mode: Auto, Rule: AutoOff}
	}
	asked := destinationPolicy(r.destination)
	if r.subset != nil {
		asked = r.subset.policy()
	}
	if to.passing || passes(asked) {
		t.use(AutoAllOrNothing)
		if len(to.endpoints) == 0 {
			t.use(AutoNoEndpoints)
			return Client{Mode: Auto, Rule: AutoNoEndpoints}
		}
		for _, endpoint := range to.endpoints {
			if endpoint.mode == disabledMode {
				return Client{Mode: Auto, Rule: AutoAllOrNothing}
			}
		}
	}
	t.use(AutoClusters)
	r.clusterMTLS = s.namespaceMode(to.namespace, t).Mode != Disable
	if r.clusterMTLS && r.originalDst {
		return Client{Mode: Auto, Rule: AutoAllOrNothing}
	}
	return Client{Mode: Auto, Rule: AutoClusters}
}

// send is what the proxy sends to one endpoint.
func (s Snapshot) send(client Workload, to target, r *route, e endpoint, speaks hop.Protocol, t usedRules) connection {
	tls := r.policy.GetTls()
	names := tls.GetSubjectAltNames()
	if len(names) > 0 {
		t.use(RuleNames)
	} else {
		names = s.accounts(to)
	}
	switch r.Mode {
	case Simple, Mutual:
		return s.ownTLS(client, tls, to, speaks, t)
	case IstioMutual:
		return s.istioMutual(client, names, speaks)
	case Auto:
		if s.autoMTLS(to, r, e, t) {
			return s.istioMutual(client, names, speaks)
		}
	}
	return plain(speaks)
}

// autoMTLS joins the two deciders: the cluster must have a socket for mTLS, and the endpoint must ask for it.
func (s Snapshot) autoMTLS(to target, r *route, e endpoint, t usedRules) bool {
	switch r.Rule {
	case AutoClusters:
	case AutoAllOrNothing:
		return r.clusterMTLS
	default:
		return false
	}
	byEndpoint := s.endpointMTLS(to, r, e, t)
	if byEndpoint != r.clusterMTLS {
		t.use(AutoDisagree)
	}
	if !byEndpoint && r.clusterMTLS {
		r.Rule = AutoEndpoints
	}
	return byEndpoint && r.clusterMTLS
}

// endpointMTLS is the second decider of auto-mTLS (istio/istio pilot/pkg/xds/endpoints/mtls_checker.go).
func (s Snapshot) endpointMTLS(to target, r *route, e endpoint, t usedRules) bool {
	t.use(AutoEndpoints)
	if tls := s.endpointTLS(r, to.port.Number, t); tls != nil {
		t.use(AutoRuleEndpoints)
		// The mark is the workload's own label, which the rule only takes away
		// (istio/istio pilot/pkg/xds/endpoints/endpoint_builder.go buildEnvoyLbEndpoint).
		return tls.GetMode() == networking.ClientTLSSettings_ISTIO_MUTUAL && e.mode == istioMode
	}
	if e.named {
		t.use(EntryEndpointMode)
	}
	t.use(TLSModeLabel)
	if e.mode != istioMode {
		if e.workload != nil && e.workload.Gateway {
			t.use(GatewayNoLabel)
		}
		return false
	}
	return s.policyMode(e.namespace, e.labels, e.port, true, usedRules{}).Mode != Disable
}

// endpointTLS are the rule's TLS settings whose mode the second decider reads: an entry for the port without them falls
// back to the rule's own, and since 1.31 a subset without them does.
func (s Snapshot) endpointTLS(r *route, port uint16, t usedRules) *networking.ClientTLSSettings {
	own, general := policyTLS(r.subset.policy(), port), policyTLS(destinationPolicy(r.destination), port)
	switch {
	case own != nil:
		return own
	case r.subset != nil && general != nil && s.Mesh.Istio.Before(istioversion.Minor{Major: 1, Number: 31}):
		t.use(AutoSubsetAlone)
		return nil
	}
	return general
}

func policyTLS(policy *networking.TrafficPolicy, port uint16) *networking.ClientTLSSettings {
	for _, level := range policy.GetPortLevelSettings() {
		if level.GetPort().GetNumber() == uint32(port) && level.GetTls() != nil {
			return level.GetTls()
		}
	}
	return policy.GetTls()
}

// accounts are the identities that the mesh knows of a service's endpoints, under each trust domain
// (istio/istio pilot/pkg/model/push_context.go, addServiceAccounts).
func (s Snapshot) accounts(to target) []string {
	names := join(to.names, nil)
	for _, endpoint := range to.endpoints {
		if endpoint.account == "" {
			continue
		}
		for _, domain := range join([]string{s.Mesh.TrustDomain}, s.Mesh.Aliases) {
			names = append(names, string(identityOf(domain, endpoint.namespace, endpoint.account)))
		}
	}
	return names
}
