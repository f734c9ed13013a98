package oracle

import (
	security "istio.io/api/security/v1beta1"
)

// peer is a PeerAuthentication of a snapshot.
type peer = Object[*security.PeerAuthentication]

// serverMode is the mode of one port of a workload whose proxy reads PeerAuthentication.
func (s Snapshot) serverMode(workload Workload, port uint16, inService bool, t usedRules) Server {
	return s.policyMode(workload.Namespace, workload.Labels, port, inService, t)
}

// policyMode is the mode that counts of those of policyModes.
func (s Snapshot) policyMode(namespace string, labels map[string]string, port uint16, inService bool, t usedRules) Server {
	return last(s.policyModes(namespace, labels, port, inService, t))
}

// policyModes are the mode without a policy and those that the policies of the mesh, of the namespace and of what has the labels
// give a port, each of which stands above those before it
// (https://istio.io/latest/docs/reference/config/security/peer_authentication/).
func (s Snapshot) policyModes(namespace string, labels map[string]string, port uint16, inService bool, t usedRules) []Server {
	modes := s.namespaceModes(namespace, t)
	if len(s.ignoredPeers(labels)) > 0 {
		t.use(ServerRootSelector)
	}
	own := first(s.workloadPeers(namespace, labels), t)
	if own == nil {
		return modes
	}
	if mode, given := modeOf(own.Spec.GetMtls()); given {
		modes = append(modes, Server{Mode: mode, Policy: own.String(), Rule: ServerWorkload})
		t.use(ServerWorkload)
	} else {
		t.use(inherits(last(modes)))
	}
	levels := own.Spec.GetPortLevelMtls()
	level, found := levels[uint32(port)]
	if !found {
		if len(levels) > 0 {
			t.use(ServerPortByWorkload)
		}
		return modes
	}
	t.use(ServerPortByWorkload)
	if !inService {
		t.use(ServerPortNoService)
	}
	mode, given := modeOf(level)
	if !given {
		t.use(ServerPortUnset)
		return modes
	}
	t.use(ServerPort)
	return append(modes, Server{Mode: mode, Policy: own.String(), Rule: ServerPort})
}

// namespaceMode is the mode that counts of those of namespaceModes.
func (s Snapshot) namespaceMode(namespace string, t usedRules) Server {
	return last(s.namespaceModes(namespace, t))
}

// namespaceModes are those without a selector: the mode without a policy, the mesh's and the namespace's.
func (s Snapshot) namespaceModes(namespace string, t usedRules) []Server {
	modes := []Server{{Mode: Permissive, Rule: ServerDefault}}
	if mesh := first(s.meshPeers(), t); mesh != nil {
		mode, given := modeOf(mesh.Spec.GetMtls())
		if !given {
			mode = Permissive
			t.use(ServerUnsetMesh)
		}
		modes = append(modes, Server{Mode: mode, Policy: mesh.String(), Rule: ServerMesh})
	}
	if own := first(s.namespacePeers(namespace), t); own != nil {
		if mode, given := modeOf(own.Spec.GetMtls()); given {
			modes = append(modes, Server{Mode: mode, Policy: own.String(), Rule: ServerNamespace})
		} else {
			t.use(inherits(last(modes)))
		}
	}
	t.use(last(modes).Rule)
	return modes
}

func last(modes []Server) Server { return modes[len(modes)-1] }

// meshPeers are the policies of the whole mesh, the oldest first.
func (s Snapshot) meshPeers() []peer { return sortedByAge(s.peersIn(s.Mesh.RootNamespace), everyone) }

// namespacePeers are the policies of a whole namespace, the oldest first. Those of the root namespace are the mesh's.
func (s Snapshot) namespacePeers(namespace string) []peer {
	if namespace == s.Mesh.RootNamespace {
		return nil
	}
	return sortedByAge(s.peersIn(namespace), everyone)
}

// workloadPeers are the policies that select what has the labels, the oldest first. In the root namespace none counts.
func (s Snapshot) workloadPeers(namespace string, labels map[string]string) []peer {
	if namespace == s.Mesh.RootNamespace {
		return nil
	}
	return sortedByAge(s.peersIn(namespace), peersOf(labels))
}

// ignoredPeers are policies of the root namespace that would select what has the labels if their selectors counted.
func (s Snapshot) ignoredPeers(labels map[string]string) []peer {
	return sortedByAge(s.peersIn(s.Mesh.RootNamespace), peersOf(labels))
}

// peersOf is true of a policy whose selector, which is not empty, selects what has the labels.
func peersOf(labels map[string]string) func(peer) bool {
	return func(policy peer) bool {
		return !everyone(policy) && selects(policy.Spec.GetSelector().GetMatchLabels(), labels)
	}
}

// everyone is true of a policy without selector; an empty one is none.
func everyone(policy peer) bool { return len(policy.Spec.GetSelector().GetMatchLabels()) == 0 }

// first returns the policy of one scope that counts.
func first(scope []peer, t usedRules) *peer {
	if len(scope) == 0 {
		return nil
	}
	if len(scope) > 1 {
		t.use(firstBy(scope[0].Meta, scope[1].Meta, ServerOldest, ServerTie))
	}
	return &scope[0]
}

// modeOf reads a mode; false where it is UNSET or missing.
func modeOf(tls *security.PeerAuthentication_MutualTLS) (Mode, bool) {
	switch tls.GetMode() {
	case security.PeerAuthentication_MutualTLS_STRICT:
		return Strict, true
	case security.PeerAuthentication_MutualTLS_PERMISSIVE:
		return Permissive, true
	case security.PeerAuthentication_MutualTLS_DISABLE:
		return Disable, true
	}
	return "", false
}

// inherits names the scope from which an UNSET policy takes its mode.
func inherits(parent Server) Rule {
	switch parent.Rule {
	case ServerMesh:
		return ServerUnsetMeshInherits
	case ServerNamespace:
		return ServerUnsetNamespaceInherits
	}
	return ServerUnsetDefaultInherits
}

// OfNamespace is the mode of what lives in a namespace, as far as policies without a selector tell: the mesh's and the
// namespace's own. That of the root namespace is the mesh's.
func (s Snapshot) OfNamespace(namespace string) Server {
	return s.namespaceMode(namespace, usedRules{})
}
