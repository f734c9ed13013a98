package tlscheck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// pair is the two ends of a hop.
type pair struct{ client, endpoint string }

// fold is the hops of one answer, by their ends.
type fold struct {
	ports map[pair][]uint16
	hops  map[pair]int
}

func (f *fold) add(h Hop) {
	at := pair{h.Client, h.end()}
	if !slices.Contains(f.ports[at], h.Port) {
		f.ports[at] = append(f.ports[at], h.Port)
		slices.Sort(f.ports[at])
	}
	f.hops[at]++
}

// groups are the largest first.
func (f *fold) groups() []Group {
	byPorts := map[string][]pair{}
	for at, ports := range f.ports {
		byPorts[fmt.Sprint(ports)] = append(byPorts[fmt.Sprint(ports)], at)
	}
	var all []Group
	for _, pairs := range byPorts {
		for _, g := range products(pairs) {
			g.Ports = f.ports[pairs[0]]
			f.tell(&g)
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Hops, a.Hops), slices.Compare(a.Ports, b.Ports), cmp.Compare(a.Clients[0].Name, b.Clients[0].Name))
	})
	return all
}

// products puts together the clients that reach the same endpoints.
func products(pairs []pair) []Group {
	reached := map[string][]string{} // endpoints by client
	isEndpoint := map[string]bool{}
	for _, at := range pairs {
		reached[at.client] = append(reached[at.client], at.endpoint)
		isEndpoint[at.endpoint] = true
	}
	alike := map[string]Group{}
	for client, endpoints := range reached {
		if isEndpoint[client] {
			endpoints = append(endpoints, client)
		}
		endpoints = distinct(endpoints, nil)
		key := strings.Join(endpoints, "\n")
		alike[key] = Group{Endpoints: endpoints, Clients: append(alike[key].Clients, Client{Name: client})}
	}
	return slices.Collect(maps.Values(alike))
}

// tell counts the hops of a group.
func (f *fold) tell(g *Group) {
	slices.SortFunc(g.Clients, func(a, b Client) int { return cmp.Compare(a.Name, b.Name) })
	for i, client := range g.Clients {
		for _, endpoint := range g.Endpoints {
			g.Clients[i].Hops += f.hops[pair{client.Name, endpoint}]
		}
		g.Hops += g.Clients[i].Hops
	}
	g.Endpoints = slices.DeleteFunc(g.Endpoints, func(endpoint string) bool { return endpoint == "" })
}
