package oracle

import "slices"

// Policy is an object that bears on a hop: one that is in force, or one that is written for the hop and does not count.
type Policy struct {
	Object  string `json:"object"`            // KIND NAMESPACE/NAME
	Decides HopEnd `json:"decides,omitempty"` // the end at which it is in force; empty of one that does not count
	Text    string `json:"text"`              // YAML of it: its spec as the oracle read it, but no Service's
	Lines   []int  `json:"lines,omitempty"`   // of Text, from 1, that decide; none of one that decides as a whole
	Lost    Rule   `json:"lost,omitempty"`    // the rule by which it does not count
	Why     string `json:"why,omitempty"`     // of Lost, in a clause: which object counts in its place, or what it lacks
}

// HopEnd is one of the two ends of a hop.
type HopEnd string

// The ends of a hop.
const (
	AtServer HopEnd = "server"
	AtClient HopEnd = "client"
)

// InForce lists the objects that decide an answer, those of the server's end first, and then those that are written for the hop and
// do not count. The answer is one of AskEach or AskAddress, of the same snapshot. Nothing is listed for an end that the policies do not
// decide.
//
// An object is in force at the client's end also where auto-mTLS reads it and the server does not, and where it defines the subset or
// leads the request. All objects that do not count can be taken away together without a change of the answer. One of them alone may
// be what keeps another from counting, which then names it.
func (s Snapshot) InForce(a EndpointAnswer) []Policy {
	if a.grounds.to == nil {
		return nil
	}
	var all []Policy
	for _, own := range s.decisions(a) {
		text := s.text(own.object)
		all = append(all, Policy{Object: own.object, Decides: own.end, Text: text, Lines: linesOf(text, own.paths)})
	}
	for _, own := range slices.Concat(s.lostPeers(a), s.lostRules(a)) {
		if !slices.ContainsFunc(all, func(known Policy) bool { return known.Object == own.object }) {
			all = append(all, Policy{Object: own.object, Text: s.text(own.object), Lost: own.rule, Why: own.why})
		}
	}
	return all
}

// AskInForce gives one answer for all endpoints as Ask does, and lists what is in force of it; where they differ, of the first.
func (s Snapshot) AskInForce(q Question) (Answer, []Policy) {
	all := s.AskEach(q)
	return agree(all), s.InForce(all[0])
}

// decisions has each object that decides an answer once.
func (s Snapshot) decisions(a EndpointAnswer) []decision {
	var all []decision
	for _, own := range slices.Concat(s.serverDecisions(a), s.clientDecisions(a)) {
		i := slices.IndexFunc(all, func(known decision) bool { return known.object == own.object })
		if i < 0 {
			all = append(all, own)
			continue
		}
		all[i].paths = append(all[i].paths, own.paths...)
	}
	return all
}

// decision is an object that decides at an end, and the paths in it that do.
type decision struct {
	end    HopEnd
	object string // KIND NAMESPACE/NAME
	paths  [][]string
}

// loss is an object that does not count.
type loss struct {
	object string // KIND NAMESPACE/NAME
	rule   Rule
	why    string
}
