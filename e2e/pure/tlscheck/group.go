package tlscheck

import "mtls.test/conformance/e2e/pure/hop"

// Group is hops of a row that have one answer: from each client to each endpoint, by each port. A pod that is both does not call
// itself.
type Group struct {
	Answer
	Ports     []uint16
	Clients   []Client // by their names
	Endpoints []string // NAMESPACE/NAME, or an address; none where no endpoint is reached
	Hops      int
	Reason    string // with "the client" and "the endpoint" for their names
}

// Client is one client of a group.
type Client struct {
	Name string // NAMESPACE/NAME
	Hops int
}

// Answer is what is known of a hop, in the words of the report.
type Answer struct {
	Asked      string // by the policies
	Configured string // in the proxies
	Observed   string // by a probe
	StandsOut  Side   // which of them does other than the policies ask; empty where none does

	Outcome hop.Outcome // what becomes of it; empty where that is not known for certain
	Refusal hop.Refusal // the cause of it, empty where there is none
}

// Side is who says something of a hop.
type Side string

// The sides that can contradict the policies.
const (
	Proxies Side = "proxies"
	Probe   Side = "probe"
)

// Groups folds the hops of the row: those that no reader has to tell apart are one group.
func (r Row) Groups() []Group {
	folds := map[alike]*fold{}
	var order []alike
	for _, h := range r.Hops {
		key := alike{h.answer(), h.anyReason()}
		if folds[key] == nil {
			folds[key] = &fold{ports: map[pair][]uint16{}, hops: map[pair]int{}}
			order = append(order, key)
		}
		folds[key].add(h)
	}
	var all []Group
	for _, key := range order {
		for _, g := range folds[key].groups() {
			g.Answer, g.Reason = key.Answer, key.reason
			all = append(all, g)
		}
	}
	return all
}

// alike is what hops of a group have in common.
type alike struct {
	Answer
	reason string
}

func (h Hop) answer() Answer {
	a := Answer{Asked: h.asked(), Configured: h.Configured.text(), Observed: h.observed(), StandsOut: h.standsOut()}
	if h.Status != Unknown {
		a.Outcome, a.Refusal = h.outcome(), h.refusal()
	}
	return a
}

// standsOut is who makes the hop a MISMATCH.
func (h Hop) standsOut() Side {
	switch {
	case h.Status != Mismatch:
		return ""
	case len(h.Differs) > 0, h.Configured != nil && h.Configured.differs(h.Asked) != noDifference:
		return Proxies
	}
	return Probe
}
