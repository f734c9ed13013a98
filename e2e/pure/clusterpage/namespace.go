package clusterpage

import (
	"cmp"
	"slices"
)

// namespace is the services of a namespace, the worst first.
type namespace struct {
	Name     string
	Services []*service
	totals
}

// namespacesOf are those of services, the worst first.
func namespacesOf(services []*service) []*namespace {
	var all []*namespace
	at := map[string]*namespace{}
	for _, s := range services {
		n := at[s.Namespace]
		if n == nil {
			n = &namespace{Name: s.Namespace, totals: newTotals()}
			at[s.Namespace] = n
			all = append(all, n)
		}
		n.Services = append(n.Services, s)
		n.add(s.totals)
	}
	for _, n := range all {
		slices.SortFunc(n.Services, func(a, b *service) int {
			return cmp.Or(a.compare(b.totals), cmp.Compare(a.Host, b.Host))
		})
	}
	slices.SortFunc(all, func(a, b *namespace) int { return cmp.Or(a.compare(b.totals), cmp.Compare(a.Name, b.Name)) })
	return all
}
