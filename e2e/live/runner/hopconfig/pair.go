package hopconfig

import (
	"fmt"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Pair is one pod of a hop's client and one of its server, and how the two are configured for the hop.
type Pair struct {
	Client, Server mesh.Place
	Config         verdict.Config
	Unpicked       string // why the client's load balancing may never pick the server's pod; empty where it may
}

// String names the two pods.
func (p Pair) String() string { return fmt.Sprintf("%s to %s", p.Client.Proxy, p.Server.Proxy) }

// pairs are every pod of the attempt's client with every one of its server, clients first. There is always one: where an end has
// no pod, its configuration says so.
func (r *Reader) pairs(a join.Attempt) []Pair {
	clients, err := r.Places.Client(a.From)
	if err != nil {
		return []Pair{{Config: verdict.Config{Missing: err.Error()}}}
	}
	servers, err := r.Places.Server(a.Reached().Service, a.Want.Subset)
	if err != nil {
		return []Pair{{Config: verdict.Config{Missing: err.Error()}}}
	}
	var all []Pair
	for _, client := range clients {
		for _, server := range servers {
			all = append(all, Pair{Client: client, Server: server})
		}
	}
	if len(all) == 0 {
		return []Pair{{Config: verdict.Config{Missing: fmt.Sprintf("%s has no pod", a.From)}}}
	}
	return all
}
