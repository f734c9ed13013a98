package oracle

import (
	"cmp"
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// ChartPath is the path that a reader takes through the guide's chart.
type ChartPath struct {
	// Edges are the edges of the path in their order, each as "B -Exists-> C".
	Edges []string `json:"path"`
	// Step is the box with the claim that the reader ends up with.
	Step   string `json:"step,omitempty"`
	Object string `json:"object,omitempty"` // that the chart looked at last, as KIND NAMESPACE/NAME
	// End is where the path ends; empty where the chart has no edge for what was found.
	End End `json:"end,omitempty"`
	// Stuck is the node without an edge for what was found.
	Stuck string `json:"stuck,omitempty"`
	// claim is the step's node.
	claim Node
}

// The properties by which a decision is made.
const (
	byExistence = "existence" // of the object
	byTLS       = "tls"       // whether the object has TLS settings
	byMode      = "mode"
	byResult    = "result"
)

// found is the object that a decision looks at; mode is empty where it has none.
type found struct {
	name string
	mode string
}

// readers read the object that a decision looks at, in the order of the guide's own commands: kubectl sorts by name, and
// the guide looks at the first.
var readers = map[string]func(Snapshot, target, hop.Outcome) *found{
	"mesh PeerAuthentication": func(s Snapshot, _ target, _ hop.Outcome) *found { return s.listed(s.Mesh.RootNamespace) },
	"service PeerAuthentication": func(s Snapshot, to target, _ hop.Outcome) *found {
		return s.listed(to.namespace)
	},
	"service DestinationRule": func(s Snapshot, to target, _ hop.Outcome) *found { return s.listedRule(to) },
	"result":                  func(_ Snapshot, _ target, observed hop.Outcome) *found { return &found{mode: resultOf(observed)} },
}

// listed is the PeerAuthentication that kubectl get shows first in a namespace.
func (s Snapshot) listed(namespace string) *found {
	var all []peer
	for _, policy := range s.PeerAuthentications {
		if policy.Namespace == namespace {
			all = append(all, policy)
		}
	}
	if len(all) == 0 {
		return nil
	}
	policy := slices.MinFunc(all, func(a, b peer) int { return cmp.Compare(a.Name, b.Name) })
	mode, _ := modeOf(policy.Spec.GetMtls())
	return &found{name: policy.String(), mode: string(mode)}
}

// listedRule is the DestinationRule for the service that kubectl get shows first in its namespace, one with TLS settings
// before one without.
func (s Snapshot) listedRule(to target) *found {
	var all []rule
	for _, r := range s.DestinationRules {
		if r.Namespace == to.namespace && s.fullHost(r) == to.host {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return nil
	}
	r := slices.MinFunc(all, func(a, b rule) int {
		return cmp.Or(cmp.Compare(lacksTLS(a), lacksTLS(b)), cmp.Compare(a.Name, b.Name))
	})
	listed := &found{name: r.String()}
	if tls := r.Spec.GetTrafficPolicy().GetTls(); tls != nil {
		listed.mode = networking.ClientTLSSettings_TLSmode_name[int32(tls.GetMode())]
	}
	return listed
}

func lacksTLS(r rule) int {
	if r.Spec.GetTrafficPolicy().GetTls() != nil {
		return 0
	}
	return 1
}

// resultOf is the result of the guide's last check for an outcome.
func resultOf(observed hop.Outcome) string {
	switch observed {
	case hop.MTLS:
		return "active"
	case hop.Plaintext, hop.OneWayTLS, hop.AppTLS:
		return "inactive"
	case hop.Refused:
		return "error"
	}
	return ""
}

// endOf is the end that fits an outcome.
func endOf(says hop.Outcome) End {
	return map[string]End{"active": Enabled, "inactive": Disabled, "error": Debug}[resultOf(says)]
}

// Follow follows the chart literally, for a service and the outcome that was observed: an existing mesh policy ends the
// search, so overrides and rules are never consulted. A service that the snapshot does not have is an error.
func (c Chart) Follow(s Snapshot, service hop.ServicePort, observed hop.Outcome) (ChartPath, error) {
	to, err := s.find(service, usedRules{})
	if err != nil {
		return ChartPath{}, err
	}
	path := ChartPath{Edges: []string{}}
	at := c.Nodes[slices.IndexFunc(c.Nodes, func(n Node) bool { return n.Kind == StartNode })]
	for range c.Nodes {
		switch at.Kind {
		case EndNode:
			path.End = at.End
			return path, nil
		case StepNode:
			if len(at.Fits) > 0 {
				path.Step, path.claim = at.Text, at
			}
		}
		edge, found := c.next(at, s, to, observed, &path)
		if !found {
			break
		}
		path.Edges = append(path.Edges, edge.String())
		at = c.node(edge.To)
	}
	path.Stuck = at.Text
	return path, nil
}

// next is the edge that leaves a node.
func (c Chart) next(at Node, s Snapshot, to target, observed hop.Outcome, path *ChartPath) (Edge, bool) {
	edges := c.from(at.ID)
	if at.Kind != DecisionNode {
		return edges[0], true
	}
	object := readers[at.Object](s, to, observed)
	finding := "missing"
	switch {
	case object == nil:
	case at.By == byExistence, at.By == byTLS && object.mode != "":
		finding = "exists"
	case at.By == byMode, at.By == byResult:
		finding = object.mode
	}
	if object != nil && object.name != "" {
		path.Object = object.name
	}
	i := slices.IndexFunc(edges, func(e Edge) bool { return e.When == finding })
	if i < 0 {
		return Edge{}, false
	}
	return edges[i], true
}
