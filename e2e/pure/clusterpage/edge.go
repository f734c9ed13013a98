package clusterpage

import (
	"cmp"
	"maps"
	"slices"
)

// The picture has this many edges at most, for more would lie on each other. Where some have no place, one namespace of services
// takes a few alone, so that others are seen as well.
const (
	maxEdges    = 40
	maxOfServer = 6
)

// edge is the hops from the clients of a namespace to the services of one.
type edge struct {
	From, To string
	totals
}

// edgesOf are the edges of services, the worst first.
func edgesOf(services []*service) []*edge {
	type ends struct{ from, to string }
	found := map[ends]*edge{}
	for _, s := range services {
		for _, a := range s.Answers {
			for _, line := range a.Lines {
				for _, client := range line.Clients {
					from, _ := split(client.Name)
					at := ends{from, s.Namespace}
					if found[at] == nil {
						found[at] = &edge{From: from, To: s.Namespace, totals: newTotals()}
					}
					found[at].count(a, client.Hops)
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *edge) int {
		return cmp.Or(a.compare(b.totals), cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From))
	})
}

// drawn are the edges that the picture has, of namespaces in their order.
func drawn(edges []*edge, namespaces []*namespace) []*edge {
	if len(edges) <= maxEdges {
		return edges
	}
	var all []*edge
	for _, n := range namespaces {
		own := 0
		for _, e := range edges {
			if e.To == n.Name && own < maxOfServer && len(all) < maxEdges {
				all = append(all, e)
				own++
			}
		}
	}
	return all
}
