package oracle

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

// destination is the result of merging the rules of one host and namespace.
type destination struct {
	host      string
	namespace string
	exportTo  map[string]bool
	selector  map[string]string // nil without one
	policy    *networking.TrafficPolicy
	// decides is the rule whose traffic policy was kept, or the first one.
	decides Meta
	subsets []subset
	rules   []rule // that were merged
	// beside is the first rule of the last ones from which these stay apart; the zero value where no others are of the host.
	beside Meta
	// differs is why the minors of Istio make different rules of these; empty where they do not.
	differs string
	// merged are the rules of the oracle by which DestinationRules were merged, where the result depends on them.
	merged []Rule
}

// subset is a subset, and the rule that defines it.
type subset struct {
	*networking.Subset
	by    Meta
	place int // among the rule's own, from 0
}

// lookupScope is one step of the search for a host's rule: the rules of a namespace that have one visibility.
type lookupScope struct {
	rule       Rule
	namespace  string
	visibility visibility
	// exported means that a rule counts only if its exportTo names the client's namespace.
	exported bool
}

// visibility selects rules of a namespace by who sees them.
type visibility string

const (
	local   visibility = "local"   // rules that the namespace itself sees
	private visibility = "private" // rules that only their own namespace sees
	public  visibility = "public"  // all other rules
)

// search is the way to the rules that a client uses for a host.
type search struct {
	scopes []lookupScope
	end    int           // the place in scopes of the one that ended it; behind the last where none did
	found  []destination // of the most specific host there, as far as the client sees them
	chosen *destination  // nil where none of them is for the client
}

// destinationFor finds the rules that a client uses for a host; nil for none.
func (s Snapshot) destinationFor(client Workload, host, serviceNamespace string, t usedRules) *destination {
	return s.search(client, host, serviceNamespace, t).chosen
}

// search looks for the rules that a client uses for a host
// (istio/istio pilot/pkg/model/push_context.go, destinationRule; sidecar.go, DestinationRule).
func (s Snapshot) search(client Workload, host, serviceNamespace string, t usedRules) search {
	made := search{scopes: s.lookupScopes(client.Namespace, serviceNamespace)}
	for ; made.end < len(made.scopes); made.end++ {
		where := made.scopes[made.end]
		found := s.at(where).mostSpecific(host, t)
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
		made.found, made.chosen = found, forWorkload(found, client, t)
		t.use(where.rule)
		if s.shadows(client.Namespace, host, made.scopes[made.end+1:]) {
			t.use(RuleHides)
		}
		if made.chosen != nil {
			t.use(made.chosen.merged...)
		}
		return made
	}
	return made
}

// shadows reports whether one of the scopes that are not asked has a visible rule for the host too.
func (s Snapshot) shadows(clientNamespace, host string, unasked []lookupScope) bool {
	for _, where := range unasked {
		for _, found := range s.at(where).mostSpecific(host, usedRules{}) {
			if seenFrom(found.exportTo, clientNamespace) {
				return true
			}
		}
	}
	return false
}

// lookupScopes returns the scopes in the order of the search: the first with a rule for the host wins.
func (s Snapshot) lookupScopes(client, service string) []lookupScope {
	root := s.Mesh.RootNamespace
	var all []lookupScope
	if client == root {
		all = append(all, lookupScope{rule: RuleRootClient, namespace: root, visibility: private})
	} else {
		all = append(all, lookupScope{rule: RuleClientNamespace, namespace: client, visibility: local})
	}
	if service != "" {
		all = append(all, lookupScope{rule: RuleServiceNamespace, namespace: service, visibility: public, exported: true})
	}
	if service != root {
		all = append(all, lookupScope{rule: RuleRootNamespace, namespace: root, visibility: public, exported: true})
	}
	return all
}

// at returns the rules of a scope, merged by host.
func (s Snapshot) at(where lookupScope) *destinations {
	if s.index != nil {
		return s.index.destinations(where, s.merge)
	}
	return s.merge(where)
}

func (s Snapshot) merge(where lookupScope) *destinations {
	var rules []rule
	for _, r := range s.rulesIn(where.namespace) {
		if s.holds(where.visibility, r) {
			rules = append(rules, r)
		}
	}
	return s.merged(rules)
}

func (s Snapshot) holds(v visibility, r rule) bool {
	switch v {
	case local:
		to := exportTo(r)
		return len(to) == 0 || to[everywhere] || to[here] || to[r.Namespace]
	case private:
		return s.private(r)
	}
	return !s.private(r)
}

// exportTo reads where a rule is visible. A rule with a workloadSelector is visible only in its own namespace.
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

// private reports whether a rule is visible only in its own namespace.
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
func (s Snapshot) fullHost(r rule) string {
	return s.wholeHost(r.Spec.GetHost(), r.Namespace)
}

// destinations are what the rules of one scope merge into, in the order of their oldest rules.
type destinations struct {
	exact map[string][]destination // by host
	wild  []destination
}

// merged merges the rules of one namespace by host: those with a selector first, then the oldest first; the first
// traffic policy is kept and subsets add up (istio/istio pilot/pkg/model/destination_rule.go, mergeDestinationRule).
func (s Snapshot) merged(rules []rule) *destinations {
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b rule) int {
		return cmp.Or(cmp.Compare(unselecting(a), unselecting(b)), cmp.Compare(written(a), written(b)), byAge(a.Meta, b.Meta))
	})
	all := &destinations{exact: map[string][]destination{}}
	for _, r := range rules {
		host := s.fullHost(r)
		if !wildcard(host) {
			all.exact[host] = mergeInto(all.exact[host], host, r)
			continue
		}
		all.wild = mergeInto(all.wild, host, r)
	}
	return all
}

func wildcard(host string) bool { return strings.HasPrefix(host, "*") }

// mergeInto merges a rule into those of its host and reach, or adds it.
func mergeInto(all []destination, host string, r rule) []destination {
	apart, beside := true, Meta{}
	for i := range all {
		old := &all[i]
		if old.host != host {
			continue
		}
		exports := exportTo(r)
		switch {
		case maps.Equal(exports, old.exportTo):
			apart = false
		case len(old.exportTo) > 0 && superset(exports, old.exportTo):
		default:
			apart, beside = true, old.rules[0].Meta
			continue
		}
		selector := selectorOf(r)
		if selector != nil && old.selector != nil && !maps.Equal(selector, old.selector) {
			apart, beside = true, old.rules[0].Meta
			continue
		}
		if (selector == nil) == (old.selector == nil) {
			apart = false
		}
		old.add(r)
	}
	if apart {
		made := newDestination(host, r)
		made.beside = beside
		all = append(all, made)
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

func newDestination(host string, r rule) destination {
	d := destination{
		host: host, namespace: r.Namespace, exportTo: exportTo(r), selector: selectorOf(r),
		policy: r.Spec.GetTrafficPolicy(), decides: r.Meta, rules: []rule{r},
	}
	d.addSubsets(r)
	if d.host != r.Spec.GetHost() {
		d.merged = append(d.merged, RuleShortName)
	}
	return d
}

// add merges a younger rule into the destination.
func (d *destination) add(r rule) {
	d.rules = append(d.rules, r)
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
	if d.decides.Kind == backendTLSKind {
		d.differs = besidePolicy(d.decides, r)
		return
	}
	d.merged = append(d.merged, RuleOldestPolicy, firstBy(d.decides, r.Meta, RuleOldestPolicy, RuleTie))
}

func (d *destination) addSubsets(r rule) {
	for place, own := range r.Spec.GetSubsets() {
		if d.subset(own.GetName()) == nil {
			d.subsets = append(d.subsets, subset{Subset: own, by: r.Meta, place: place})
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

// including are the destinations of the host itself, and those of all wildcards that match it.
func (d *destinations) including(host string) []destination {
	all := slices.Clone(d.exact[host])
	for _, one := range d.wild {
		if includes(one.host, host) {
			all = append(all, one)
		}
	}
	return all
}

// mostSpecific finds the destinations of the host itself, or of the longest wildcard that matches it.
func (d *destinations) mostSpecific(host string, t usedRules) []destination {
	best, wildcards := "", 0
	for _, one := range d.wild {
		if !includes(one.host, host) {
			continue
		}
		if best != one.host {
			wildcards++
		}
		if len(one.host) > len(best) {
			best = one.host
		}
	}
	if exact := d.exact[host]; len(exact) > 0 {
		if wildcards > 0 {
			t.use(RuleExact)
		}
		return slices.Clone(exact)
	}
	if best == "" {
		return nil
	}
	t.use(RuleWildcard)
	if wildcards > 1 {
		t.use(RuleLongest)
	}
	return slices.DeleteFunc(slices.Clone(d.wild), func(one destination) bool { return one.host != best })
}

// forWorkload picks the destination that selects the client, else one without selector.
func forWorkload(found []destination, client Workload, t usedRules) *destination {
	var general *destination
	for i := range found {
		d := &found[i]
		if d.selector == nil {
			if general != nil {
				t.use(RuleApart)
			}
			general = d
			continue
		}
		if d.selectsClient(client) {
			t.use(RuleSelector)
			return d
		}
	}
	return general
}

// selectsClient reports whether the rules have a selector that selects a client in their own namespace.
func (d *destination) selectsClient(client Workload) bool {
	return d.selector != nil && d.namespace == client.Namespace && selects(d.selector, client.Labels)
}
