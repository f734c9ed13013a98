package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// lostRules are the DestinationRules and BackendTLSPolicies for the host of an answer whose TLS settings the client does not use, in
// the order in which they are looked for.
func (s Snapshot) lostRules(a EndpointAnswer) []loss {
	client, to := a.grounds.client, a.grounds.to
	if a.Client.Rule == "" || to.kind == Pods {
		return nil
	}
	if a.grounds.way == nil {
		return s.unreadRules(a)
	}
	found := s.search(*client, to.host, to.namespace, usedRules{})
	l := lookup{s: s, search: found, client: *client, to: *to, way: a.grounds.way, known: map[string]bool{}}
	if found.chosen != nil {
		for _, r := range found.chosen.rules {
			l.merged(r)
		}
	}
	for place := range found.scopes {
		l.scope(place)
	}
	l.elsewhere()
	return slices.Concat(l.lost, s.lostBackends(to))
}

// unreadRules are the rules for the host of a request that no cluster of the host takes.
func (s Snapshot) unreadRules(a EndpointAnswer) []loss {
	why := fmt.Sprintf("the request leaves the proxy of %s by no cluster of the host", a.grounds.client)
	if a.Client.Mode == NoProxy {
		why = fmt.Sprintf("what %s sends passes no proxy that reads a rule", a.grounds.client)
	}
	var all []loss
	for _, r := range sortedByAge(join(s.DestinationRules, s.backendRules()), func(r rule) bool { return includes(s.fullHost(r), a.grounds.to.host) }) {
		all = append(all, loss{r.String(), a.Client.Rule, why})
	}
	return all
}

// lookup is the search for a host's rules, with those that it leaves out.
type lookup struct {
	search
	s      Snapshot
	client Workload
	to     target
	way    *route
	known  map[string]bool // the rules that were looked at, by name
	lost   []loss
}

func (l *lookup) add(r rule, by Rule, why string, arguments ...any) {
	if !l.known[r.String()] {
		l.lost = append(l.lost, loss{r.String(), by, fmt.Sprintf(why, arguments...)})
	}
	l.known[r.String()] = true
}

// merged is a rule of those that the client uses. Its traffic policy was dropped, or is the one that was kept, above which a subset of
// another rule may stand. One without a traffic policy asks for nothing.
func (l *lookup) merged(r rule) {
	kept := l.chosen.decides
	switch policy := r.Spec.GetTrafficPolicy(); {
	case policy == nil, policy == l.chosen.policy && (l.way.subset == nil || policyTLS(policy, l.to.port.Number) == nil):
		l.known[r.String()] = true
	case policy == l.chosen.policy:
		l.add(r, RuleSubsetOverrides, "subset %s of %s stands above it", l.way.subset.GetName(), l.way.subset.by)
	case kept.Kind == backendTLSKind:
		l.add(r, BackendTLS, "%s is for the host too, and comes before every DestinationRule", kept)
	case l.chosen.selector != nil && selectorOf(r) == nil:
		l.add(r, RuleSelector, "%s selects %s, and stands above those without a workloadSelector", kept, l.client)
	default:
		l.add(r, firstBy(kept, r.Meta, RuleOldestPolicy, RuleTie), "%s is for the host too, and %s", kept, comesFirst(kept, r.Meta))
	}
}

// scope looks at the rules of one scope of the search.
func (l *lookup) scope(place int) {
	where := l.scopes[place]
	here := l.s.at(where)
	best := here.mostSpecific(l.to.host, usedRules{})
	for _, d := range here.including(l.to.host) {
		for _, r := range d.rules {
			switch {
			case where.exported && !seenFrom(exportTo(r), l.client.Namespace):
				l.unexported(r)
			case where.exported && !seenFrom(d.exportTo, l.client.Namespace):
				l.add(r, RuleExportTo, "it merges into %s, which is not exported to namespace %s", d.rules[0].Meta, l.client.Namespace)
			case place > l.end:
				l.add(r, RuleHides, "%s is in namespace %s, which is looked in first", l.ended().decides, l.scopes[l.end].namespace)
			case d.host != best[0].host && !wildcard(best[0].host):
				l.add(r, RuleExact, "%s is for the very host", best[0].decides)
			case d.host != best[0].host:
				l.add(r, RuleLongest, "%s has the longer wildcard %s", best[0].decides, best[0].host)
			default:
				l.notChosen(d, r)
			}
		}
	}
}

// ended is what ended the search: the rules that were chosen or, where none of the place is for the client, the first of them.
func (l *lookup) ended() destination {
	if l.chosen != nil {
		return *l.chosen
	}
	return l.found[0]
}

// notChosen is a rule of the host and scope that the search ended with.
func (l *lookup) notChosen(d destination, r rule) {
	switch {
	case d.selector != nil && !d.selectsClient(l.client) && selectorOf(r) == nil:
		l.add(r, RuleSelector, "it merges into %s, whose workloadSelector does not select %s", d.rules[0].Meta, l.client)
	case l.chosen == nil:
		l.add(r, RuleSelector, "its workloadSelector does not select %s, and it ends the search all the same", l.client)
	case d.selector != nil && !d.selectsClient(l.client):
		l.add(r, RuleSelector, "its workloadSelector does not select %s", l.client)
	case d.selector == nil && l.chosen.selector != nil:
		l.add(r, RuleSelector, "%s selects %s, and stands above those without a workloadSelector", l.chosen.decides, l.client)
	case d.selector != nil:
		l.add(r, RuleSelector, "%s selects %s too, and %s", l.chosen.decides, l.client, comesFirst(l.chosen.decides, r.Meta))
	case l.chosen.beside.String() == d.rules[0].String():
		l.add(r, RuleApart, "%s stays apart from it by its exportTo, and comes last", l.chosen.decides)
	default:
		l.add(r, RuleApart, "%s stays apart from %s by its exportTo, and so from all, and comes last", l.chosen.decides, l.chosen.beside)
	}
}

// elsewhere looks at rules for the host of which no scope has any, and at those for the name that stands for the host.
func (l *lookup) elsewhere() {
	for _, r := range sortedByAge(l.s.DestinationRules, func(rule) bool { return true }) {
		switch host := l.s.fullHost(r); {
		case includes(host, l.to.host) && slices.Contains(l.namespaces(), r.Namespace):
			l.unexported(r)
		case includes(host, l.to.host):
			l.add(r, RuleClientNamespace, "it is in namespace %s, and %s looks in %s", r.Namespace, l.client, strings.Join(l.namespaces(), ", then "))
		case l.to.alias != "" && includes(host, l.to.alias):
			l.add(r, ServiceAlias, "%s stands for %s, by which rules are looked for", l.to.alias, l.to.host)
		}
	}
}

// unexported is a rule that the client does not see.
func (l *lookup) unexported(r rule) {
	if selectorOf(r) != nil {
		l.add(r, RuleSelector, "with a workloadSelector it is for clients of namespace %s alone", r.Namespace)
		return
	}
	l.add(r, RuleExportTo, "it is not exported to namespace %s", l.client.Namespace)
}

// namespaces are those that the client looks in, in its order.
func (l *lookup) namespaces() []string {
	var all []string
	for _, where := range l.scopes {
		if !slices.Contains(all, where.namespace) {
			all = append(all, where.namespace)
		}
	}
	return all
}
