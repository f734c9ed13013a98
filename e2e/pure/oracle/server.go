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

// policyMode composes the policies of the mesh, of the namespace and of what has the labels
// (https://istio.io/latest/docs/reference/config/security/peer_authentication/).
func (s Snapshot) policyMode(namespace string, labels map[string]string, port uint16, inService bool, t usedRules) Server {
	decided := s.namespaceMode(namespace, t)
	s.noteIgnored(labels, t)
	if namespace == s.Mesh.RootNamespace {
		return decided
	}
	own := first(s.peersIn(namespace), t, func(p peer) bool {
		return !everyone(p) && selects(p.Spec.GetSelector().GetMatchLabels(), labels)
	})
	if own == nil {
		return decided
	}
	if mode, given := modeOf(own.Spec.GetMtls()); given {
		decided = Server{Mode: mode, Policy: own.String(), Rule: ServerWorkload}
		t.use(ServerWorkload)
	} else {
		t.use(inherits(decided))
	}
	levels := own.Spec.GetPortLevelMtls()
	level, found := levels[uint32(port)]
	if !found {
		if len(levels) > 0 {
			t.use(ServerPortByWorkload)
		}
		return decided
	}
	t.use(ServerPortByWorkload)
	if !inService {
		t.use(ServerPortNoService)
	}
	mode, given := modeOf(level)
	if !given {
		t.use(ServerPortUnset)
		return decided
	}
	t.use(ServerPort)
	return Server{Mode: mode, Policy: own.String(), Rule: ServerPort}
}

// namespaceMode composes the policies without selector: the mesh's and the namespace's.
func (s Snapshot) namespaceMode(namespace string, t usedRules) Server {
	decided := Server{Mode: Permissive, Rule: ServerDefault}
	root := s.Mesh.RootNamespace
	if mesh := first(s.peersIn(root), t, everyone); mesh != nil {
		mode, given := modeOf(mesh.Spec.GetMtls())
		if !given {
			mode = Permissive
			t.use(ServerUnsetMesh)
		}
		decided = Server{Mode: mode, Policy: mesh.String(), Rule: ServerMesh}
	}
	if namespace != root {
		own := first(s.peersIn(namespace), t, everyone)
		if own != nil {
			if mode, given := modeOf(own.Spec.GetMtls()); given {
				decided = Server{Mode: mode, Policy: own.String(), Rule: ServerNamespace}
			} else {
				t.use(inherits(decided))
			}
		}
	}
	t.use(decided.Rule)
	return decided
}

// noteIgnored notes a policy of the root namespace that would select the workload if its selector counted.
func (s Snapshot) noteIgnored(labels map[string]string, t usedRules) {
	for _, policy := range s.peersIn(s.Mesh.RootNamespace) {
		if !everyone(policy) && selects(policy.Spec.GetSelector().GetMatchLabels(), labels) {
			t.use(ServerRootSelector)
		}
	}
}

// everyone is true of a policy without selector; an empty one is none.
func everyone(policy peer) bool { return len(policy.Spec.GetSelector().GetMatchLabels()) == 0 }

// first returns the policy of one scope that counts.
func first(policies []peer, t usedRules, in func(peer) bool) *peer {
	scope := sortedByAge(policies, in)
	if len(scope) == 0 {
		return nil
	}
	if len(scope) > 1 {
		if scope[0].Created.Equal(scope[1].Created) {
			t.use(ServerTie)
		} else {
			t.use(ServerOldest)
		}
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
