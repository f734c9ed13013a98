package oracle

import (
	"fmt"
	"slices"
)

// narrowness orders the rules by which a PeerAuthentication gives a mode: each stands above those before it.
var narrowness = []Rule{ServerDefault, ServerMesh, ServerNamespace, ServerWorkload, ServerPort}

// lostPeers are the PeerAuthentications for the server of an answer that do not give its mode, with what counts in their place: a
// policy that comes before it in its scope, else the next narrower one that has a mode.
func (s Snapshot) lostPeers(a EndpointAnswer) []loss {
	e := a.grounds.server
	if e == nil || e.workload == nil || e.workload.Ambient || a.Server.Rule == "" {
		return nil
	}
	w := *e.workload
	modes := s.policyModes(w.Namespace, w.Labels, a.Port, true, usedRules{})
	var all []loss
	for _, scope := range []struct {
		gives    Rule
		policies []peer
		words    string
	}{
		{ServerMesh, s.meshPeers(), "is for the whole mesh"},
		{ServerNamespace, s.namespacePeers(w.Namespace), "is for the whole namespace"},
		{ServerWorkload, s.workloadPeers(w.Namespace, w.Labels), "selects the workload"},
	} {
		for i, policy := range scope.policies {
			if policy.String() == a.Server.Policy {
				continue
			}
			lost := loss{object: policy.String()}
			switch {
			case i > 0:
				lost.rule = firstBy(scope.policies[0].Meta, policy.Meta, ServerOldest, ServerTie)
				lost.why = fmt.Sprintf("%s %s too, and %s", scope.policies[0].Meta, scope.words, comesFirst(scope.policies[0].Meta, policy.Meta))
			case policy.String() == last(modes).Policy:
				lost.rule, lost.why = a.Server.Rule, fmt.Sprintf(unread[a.Server.Rule], w)
			default:
				lost.rule, lost.why = overridden(policy, scope.gives, modes, a)
			}
			all = append(all, lost)
		}
	}
	for _, policy := range s.ignoredPeers(w.Labels) {
		all = append(all, loss{policy.String(), ServerRootSelector, "it has a selector, and with one no policy of the root namespace counts"})
	}
	return all
}

// unread says of a server by which rule it reads no policy.
var unread = map[Rule]string{
	ServerNoProxy:  "%s has no proxy, and no policy reaches it",
	ServerBypassed: "the proxy of %s does not get the connection, and no policy reaches it",
	ServerGateway:  "%s is a gateway, where the servers of its Gateways decide",
}

// overridden is what counts in the place of the first policy of a scope: what stands next above its mode or, where it has none, what
// it inherits.
func overridden(policy peer, gives Rule, modes []Server, a EndpointAnswer) (Rule, string) {
	if at := slices.IndexFunc(modes, func(mode Server) bool { return mode.Policy == policy.String() }); at >= 0 {
		above := modes[at+1]
		return above.Rule, fmt.Sprintf(standsAbove[above.Rule], above.Policy)
	}
	levels, asked := policy.Spec.GetPortLevelMtls(), a.grounds.to.port.Number
	if levels[uint32(asked)] != nil && levels[uint32(a.Port)] == nil {
		return ServerPortByWorkload, fmt.Sprintf("its portLevelMtls names port %d of the Service, and the workload's is %d", asked, a.Port)
	}
	inherited := modes[0]
	for _, mode := range modes {
		if slices.Index(narrowness, mode.Rule) < slices.Index(narrowness, gives) {
			inherited = mode
		}
	}
	if inherited.Policy == "" {
		return inherits(inherited), "it is UNSET, and no policy stands above it"
	}
	return inherits(inherited), fmt.Sprintf("it is UNSET, and takes the mode of %s", inherited.Policy)
}

// standsAbove says of a policy by which rule it stands above a wider one.
var standsAbove = map[Rule]string{
	ServerNamespace: "%s is for the namespace, and stands above the mesh's",
	ServerWorkload:  "%s selects the workload, and stands above those without a selector",
	ServerPort:      "%s names the port, and stands above every other mode",
}
