package intent

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// rule is a DestinationRule of a snapshot.
type rule = Object[*networking.DestinationRule]

// The words of exportTo (https://istio.io/latest/docs/reference/config/networking/destination-rule/#DestinationRule).
const (
	everywhere = "*"
	here       = "."
)

// destination is what rules of one host and namespace merge into.
type destination struct {
	host      string
	namespace string
	exportTo  map[string]bool
	selector  map[string]string // nil without one
	policy    *networking.TrafficPolicy
	// decides is the rule whose traffic policy was kept, or the first one.
	decides Meta
	subsets []subset
	// merged are the rules of the merge that its result rests on.
	merged []Rule
}

// subset is a subset, and the rule that defines it.
type subset struct {
	*networking.Subset
	by Meta
}

// place is one set of rules in which a host is looked for.
type place struct {
	rule  Rule
	rules []rule
	// exported is true where a rule counts only if its exportTo names the client's namespace.
	exported bool
}

// destinationFor finds the rules that a client uses for a host
// (istio/istio pilot/pkg/model/push_context.go, destinationRule; sidecar.go, DestinationRule).
func (s Snapshot) destinationFor(client Workload, host, serviceNamespace string, t trail) *destination {
	for i, where := range s.places(client.Namespace, serviceNamespace) {
		found := mostSpecific(merged(where.rules), host, t)
		if where.exported && len(found) > 0 {
			visible := slices.DeleteFunc(slices.Clone(found), func(d destination) bool { return !seenFrom(d.exportTo, client.Namespace) })
			if len(visible) < len(found) {
				t.use(RuleExportTo)
			}
			found = visible
		}
		if len(found) == 0 {
			continue
		}
		chosen := forWorkload(found, client, t)
		t.use(where.rule)
		if s.hides(client.Namespace, serviceNamespace, host, i) {
			t.use(RuleHides)
		}
		if chosen != nil {
			t.use(chosen.merged...)
		}
		return chosen
	}
	return nil
}

// hides tells whether a later place has a rule for the host too.
func (s Snapshot) hides(clientNamespace, serviceNamespace, host string, at int) bool {
	for _, where := range s.places(clientNamespace, serviceNamespace)[at+1:] {
		for _, found := range mostSpecific(merged(where.rules), host, trail{}) {
			if seenFrom(found.exportTo, clientNamespace) {
				return true
			}
		}
	}
	return false
}

// places are where rules are looked for, in order.
func (s Snapshot) places(client, service string) []place {
	root := s.Mesh.RootNamespace
	own := func(namespace string, keep func(rule) bool) []rule {
		var rules []rule
		for _, r := range s.DestinationRules {
			if r.Namespace == namespace && keep(r) {
				rules = append(rules, r)
			}
		}
		return rules
	}
	local := func(r rule) bool {
		to := exportTo(r)
		return len(to) == 0 || to[everywhere] || to[here] || to[r.Namespace]
	}
	public := func(r rule) bool { return !s.private(r) }

	var all []place
	if client == root {
		all = append(all, place{rule: RuleRootClient, rules: own(root, s.private)})
	} else {
		all = append(all, place{rule: RuleClientNamespace, rules: own(client, local)})
	}
	if service != "" {
		all = append(all, place{rule: RuleServiceNamespace, rules: own(service, public), exported: true})
	}
	if service != root {
		all = append(all, place{rule: RuleRootNamespace, rules: own(root, public), exported: true})
	}
	return all
}

// exportTo reads where a rule is seen; one with a workloadSelector is seen in its own namespace alone.
func exportTo(r rule) map[string]bool {
	if r.Spec.GetWorkloadSelector() != nil {
		return map[string]bool{here: true}
	}
	to := map[string]bool{}
	for _, namespace := range r.Spec.GetExportTo() {
		to[namespace] = true
	}
	return to
}

// private is true of a rule that is seen in its own namespace alone.
func (s Snapshot) private(r rule) bool {
	to := exportTo(r)
	if len(to) == 0 {
		return slices.Contains(s.Mesh.ExportRules, here)
	}
	return len(to) == 1 && (to[here] || to[r.Namespace])
}

func seenFrom(exportTo map[string]bool, namespace string) bool {
	return len(exportTo) == 0 || exportTo[everywhere] || exportTo[namespace]
}

// fullHost gives a short name the rule's own namespace.
func fullHost(r rule) string {
	host := r.Spec.GetHost()
	if host == "" || strings.Contains(host, ".") || strings.HasPrefix(host, "*") {
		return host
	}
	return host + "." + r.Namespace + ".svc.cluster.local"
}

// merged merges the rules of one namespace by host: those with a selector first, then the oldest first; the first
// traffic policy is kept and subsets add up (istio/istio pilot/pkg/model/destination_rule.go, mergeDestinationRule).
func merged(rules []rule) []destination {
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b rule) int {
		return cmp.Or(cmp.Compare(unselecting(a), unselecting(b)), byAge(a.Meta, b.Meta))
	})
	var all []destination
	for _, r := range rules {
		apart := true
		for i := range all {
			old := &all[i]
			if old.host != fullHost(r) {
				continue
			}
			exports := exportTo(r)
			switch {
			case maps.Equal(exports, old.exportTo):
				apart = false
			case len(old.exportTo) > 0 && superset(exports, old.exportTo):
			default:
				apart = true
				continue
			}
			selector := selectorOf(r)
			if selector != nil && old.selector != nil && !maps.Equal(selector, old.selector) {
				apart = true
				continue
			}
			if (selector == nil) == (old.selector == nil) {
				apart = false
			}
			old.add(r)
		}
		if apart {
			all = append(all, newDestination(r))
		}
	}
	return all
}

func unselecting(r rule) int {
	if r.Spec.GetWorkloadSelector() != nil {
		return 0
	}
	return 1
}

func selectorOf(r rule) map[string]string {
	if r.Spec.GetWorkloadSelector() == nil {
		return nil
	}
	labels := r.Spec.GetWorkloadSelector().GetMatchLabels()
	if labels == nil {
		return map[string]string{}
	}
	return labels
}

func superset(of, small map[string]bool) bool {
	for key := range small {
		if !of[key] {
			return false
		}
	}
	return true
}

func newDestination(r rule) destination {
	d := destination{
		host: fullHost(r), namespace: r.Namespace, exportTo: exportTo(r), selector: selectorOf(r),
		policy: r.Spec.GetTrafficPolicy(), decides: r.Meta,
	}
	d.addSubsets(r)
	if d.host != r.Spec.GetHost() {
		d.merged = append(d.merged, RuleShortName)
	}
	return d
}

// add merges a younger rule into the destination.
func (d *destination) add(r rule) {
	d.addSubsets(r)
	if len(r.Spec.GetSubsets()) > 0 {
		d.merged = append(d.merged, RuleSubsetsJoin)
	}
	if r.Spec.GetTrafficPolicy() == nil {
		return
	}
	if d.policy == nil {
		d.policy, d.decides = r.Spec.GetTrafficPolicy(), r.Meta
		return
	}
	d.merged = append(d.merged, RuleOldestPolicy)
	if d.decides.Created.Equal(r.Created) {
		d.merged = append(d.merged, RuleTie)
	}
}

func (d *destination) addSubsets(r rule) {
	for _, own := range r.Spec.GetSubsets() {
		if d.subset(own.GetName()) == nil {
			d.subsets = append(d.subsets, subset{Subset: own, by: r.Meta})
		}
	}
}

// subset finds a subset by its name.
func (d *destination) subset(name string) *subset {
	if d == nil {
		return nil
	}
	for i := range d.subsets {
		if d.subsets[i].GetName() == name {
			return &d.subsets[i]
		}
	}
	return nil
}

// mostSpecific finds the destinations of the host itself, or of the longest wildcard that matches it.
func mostSpecific(all []destination, host string, t trail) []destination {
	best, wildcards := "", 0
	exact := false
	for _, d := range all {
		switch {
		case d.host == host:
			exact = true
		case strings.HasPrefix(d.host, "*") && strings.HasSuffix(host, d.host[1:]):
			if best != d.host {
				wildcards++
			}
			if len(d.host) > len(best) {
				best = d.host
			}
		}
	}
	switch {
	case exact:
		best = host
		if wildcards > 0 {
			t.use(RuleExact)
		}
	case best == "":
		return nil
	default:
		t.use(RuleWildcard)
		if wildcards > 1 {
			t.use(RuleLongest)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(d destination) bool { return d.host != best })
}

// forWorkload picks the destination that selects the client, else one without selector.
func forWorkload(found []destination, client Workload, t trail) *destination {
	var general *destination
	for i := range found {
		d := &found[i]
		if d.selector == nil {
			general = d
			continue
		}
		if d.namespace == client.Namespace && selects(d.selector, client.Labels) {
			t.use(RuleSelector)
			return d
		}
	}
	return general
}
