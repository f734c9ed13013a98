package oracle

import (
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"
)

// clientDecisions are the objects that decide the client's end: those that lead the request, what keeps its proxy from knowing the
// service, the rules that it uses, and what auto-mTLS reads.
func (s Snapshot) clientDecisions(a EndpointAnswer) []decision {
	var all []decision
	for _, object := range a.grounds.led {
		all = append(all, decision{end: AtClient, object: object})
	}
	switch way := a.grounds.way; {
	case a.Client.Rule == "":
	case way != nil && way.destination != nil:
		all = append(all, s.ruleDecisions(a, way)...)
	case a.Client.Object != "":
		all = append(all, decision{AtClient, a.Client.Object, pathsOfScope(a)})
	}
	return append(all, s.autoDecisions(a)...)
}

// pathsOfScope are those of what keeps a proxy from knowing a service, or says what it does with a request for what it does not
// know; none where a Sidecar does not list the service.
func pathsOfScope(a EndpointAnswer) [][]string {
	switch to := a.grounds.to; {
	case a.Client.Object == to.object && len(to.exportTo) == 0: // the mesh's settings do not export it
	case a.Client.Object == to.object && to.entry:
		return [][]string{{"spec", "exportTo"}}
	case a.Client.Object == to.object:
		return [][]string{{"metadata", "annotations", exportAnnotation}}
	case slices.Contains(a.Rules, SidecarOutbound):
		return [][]string{{"spec", "outboundTrafficPolicy", "mode"}}
	}
	return nil
}

// ruleDecisions are the rules that a client uses, by the TLS settings that count, or the host where none do, and by the subset's name.
func (s Snapshot) ruleDecisions(a EndpointAnswer, way *route) []decision {
	port := a.grounds.to.port.Number
	var all []decision
	switch tls := way.policy.GetTls(); {
	case tls != nil:
		all = append(all, way.decisionOf(tls))
	case way.destination.decides.Kind != backendTLSKind: // which is for another port
		host := [][]string{{"spec", "host"}}
		all = append(all, decision{AtClient, way.destination.decides.String(), append(host, pathsOfEntry(way.destination.policy, port, general())...)})
	}
	if way.subset != nil {
		name := slices.Concat(way.subset.path(), []string{"name"})
		all = append(all, decision{AtClient, way.subset.by.String(), append(pathsOfEntry(way.subset.policy(), port, way.subset.path()), name)})
	}
	if tls := s.endpointTLS(way, port, usedRules{}); tls != nil && slices.Contains(a.Rules, AutoRuleEndpoints) {
		all = append(all, way.decisionOf(tls))
	}
	return all
}

// decisionOf are TLS settings of the rules that a client uses.
func (r route) decisionOf(tls *networking.ClientTLSSettings) decision {
	made := decision{end: AtClient, object: r.object(tls)}
	switch {
	case r.subset.policy() != nil && holds(r.subset.policy(), tls):
		made.paths = pathsOfTLS(r.subset.policy(), tls, r.subset.path(), r.Rule == RuleCredentialDropped)
	case r.destination.decides.Kind == backendTLSKind:
		made.paths = [][]string{{"spec", "validation"}}
	default:
		made.paths = pathsOfTLS(r.destination.policy, tls, general(), r.Rule == RuleCredentialDropped)
	}
	return made
}

// general is the path of what a rule says of all subsets.
func general() []string { return []string{"spec"} }

// path of what a rule says of a subset.
func (s *subset) path() []string { return []string{"spec", "subsets", strconv.Itoa(s.place)} }

// pathsOfTLS are those of TLS settings below a rule's path: the mode, the credential for which they are dropped, and the port whose
// entry they stand in.
func pathsOfTLS(policy *networking.TrafficPolicy, tls *networking.ClientTLSSettings, of []string, dropped bool) [][]string {
	place := slices.Concat(of, []string{"trafficPolicy", "tls"})
	var all [][]string
	if policy.GetTls() != tls {
		i := slices.IndexFunc(policy.GetPortLevelSettings(), func(level *networking.TrafficPolicy_PortTrafficPolicy) bool { return level.GetTls() == tls })
		entry := slices.Concat(of, []string{"trafficPolicy", "portLevelSettings", strconv.Itoa(i)})
		place = slices.Concat(entry, []string{"tls"})
		all = append(all, slices.Concat(entry, []string{"port", "number"}))
	}
	all = append(all, slices.Concat(place, []string{"mode"}))
	if dropped {
		all = append(all, slices.Concat(place, []string{"credentialName"}))
	}
	return all
}

// pathsOfEntry are those of a port whose entry leaves out TLS settings below a rule's path, for no others count then.
func pathsOfEntry(policy *networking.TrafficPolicy, port uint16, of []string) [][]string {
	for i, level := range policy.GetPortLevelSettings() {
		if level.GetPort().GetNumber() == uint32(port) && level.GetTls() == nil {
			return [][]string{slices.Concat(of, []string{"trafficPolicy", "portLevelSettings", strconv.Itoa(i), "port", "number"})}
		}
	}
	return nil
}

// autoDecisions are policies by which auto-mTLS sends plaintext: of the two that it reads, that of mesh or namespace and that of the
// endpoint, those that are DISABLE.
func (s Snapshot) autoDecisions(a EndpointAnswer) []decision {
	if a.Client.Mode != Auto {
		return nil
	}
	var all []decision
	add := func(read Server, port uint16) {
		if read.Mode == Disable && read.Policy != "" {
			all = append(all, decision{AtClient, read.Policy, pathsOfMode(read, port)})
		}
	}
	if slices.Contains(a.Rules, AutoClusters) {
		add(s.namespaceMode(a.grounds.to.namespace, usedRules{}), a.Port)
	}
	if e := a.grounds.server; e != nil && e.mode == istioMode && slices.Contains(a.Rules, TLSModeLabel) {
		add(s.policyMode(e.namespace, e.labels, e.port, true, usedRules{}), e.port)
	}
	return all
}
