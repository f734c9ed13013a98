package runner

import (
	"fmt"
	"math"
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/attempt"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// everyPair is the label of cases whose requests are to go over every pair of pods, where others need go from every pod of the
// client and to every pod of the server.
const everyPair = "replicas"

// missed is the chance that the requests of a client's pod miss one of the server's, above which they are too few.
const missed = 1e-6

// most is how many requests a client's pod makes at most for each of so many pods of the server to have one, but for the chance
// missed: those that come to a given pod are spread at random, so n requests miss one of e pods with a chance of at most
// e(1-1/e)^n.
func most(servers int) int {
	if servers < 2 {
		return 1
	}
	e := float64(servers)
	return int(math.Ceil(math.Log(missed/e) / math.Log(1-1/e)))
}

// The bounds of a search: more requests than the first are not made for a destination, and not more than the second at once,
// for an agent answers when all are done.
const (
	mostSought   = 1500
	soughtAtOnce = 64
)

// searchFor is how many requests seek a destination that gets a share of them: so many that all of n miss it with a chance
// (1-share)^n of no more than missed, and at once as many as bring one there on average. None seek what gets no share.
func searchFor(share float64) attempt.Search {
	switch {
	case share <= 0:
		return attempt.Search{}
	case share >= 1:
		return attempt.Search{Most: 1, AtOnce: 1}
	}
	return attempt.Search{
		Most:   min(int(math.Ceil(math.Log(missed)/math.Log1p(-share))), mostSought),
		AtOnce: min(int(math.Ceil(1/share)), soughtAtOnce),
	}
}

// spread is an attempt over a hop, which becomes one request of each pod of the client at a time until enough pairs of pods have
// had one.
type spread struct {
	join.Attempt
	pairs  []hopconfig.Pair
	every  bool // each pair is to have a request, and not each pod alone
	direct bool // a request goes to the pod that it names
	pods   int  // of the server, of which a kept connection leads to one
	search attempt.Search

	rounds, requests int
	made             []verdict.AtPair
	origins          []attempt.Origin // of all requests
}

// single tells that both ends have one pod, so that one request is all.
func (s *spread) single() bool { return len(s.pairs) == 1 && s.pods < 2 }

// most is how many requests a pod of the client makes at most.
func (s *spread) most() int { return most(max(len(s.pairs), s.pods)) }

// among is of how many pods the client's proxy may pick one for the next request on a kept connection. Where all requests but the
// last came to others the last tells that the connection is not there.
func (s *spread) among() int {
	if s.rounds+1 >= s.most() {
		return 1
	}
	return s.pods
}

// keep keeps what became of a request, but for one that came to another pod than its kept connection leads to.
func (s *spread) keep(made verdict.AtPair) {
	if s.pods > 1 && made.Check.Unreached != "" {
		return
	}
	s.made = append(s.made, made)
}

// over are the ends of the requests of the next round; none where enough were made.
func (s *spread) over() []attempt.Over {
	if s.spoilt() || s.rounds > 0 && (s.direct || s.rounds >= s.most()) {
		return nil
	}
	var all []attempt.Over
	for _, client := range s.clients() {
		over := s.from(client)
		switch {
		case s.direct:
			for _, server := range over.Servers {
				one := over
				one.Servers = mesh.Pods{server}
				all = append(all, one)
			}
		case s.rounds == 0 || s.lacks(client, over.Servers):
			all = append(all, over)
		}
	}
	return all
}

// spoilt tells that a request showed what no other can mend.
func (s *spread) spoilt() bool {
	return slices.ContainsFunc(s.made, func(one verdict.AtPair) bool {
		return one.Check.Result == hop.Fail || one.Check.Result == hop.Mismatch
	})
}

// lacks tells that a pod of the client is to send again: a pod of the server that it may come to lacks a request of it, or any at
// all. What never reaches a server's pod is not sent again.
func (s *spread) lacks(client mesh.Place, servers mesh.Pods) bool {
	for _, one := range s.made {
		if one.Client == client.String() && (one.Check.Unplaced || one.Check.Unreached != "") {
			return false
		}
	}
	return slices.ContainsFunc(servers, func(server mesh.Place) bool {
		return s.mayCome(client, server) && !slices.ContainsFunc(s.made, func(one verdict.AtPair) bool {
			return one.Requests > 0 && one.Server == server.String() && (!s.every || one.Client == client.String())
		})
	})
}

// mayCome tells that the load balancing of a client's pod may pick a server's.
func (s *spread) mayCome(client, server mesh.Place) bool {
	return slices.ContainsFunc(s.pairs, func(pair hopconfig.Pair) bool {
		return pair.Client == client && pair.Server == server && pair.Unpicked == ""
	})
}

func (s *spread) clients() mesh.Pods {
	var all mesh.Pods
	for _, pair := range s.pairs {
		all = with(all, pair.Client)
	}
	return all
}

func (s *spread) from(client mesh.Place) attempt.Over {
	over := attempt.Over{Client: client, Configs: map[mesh.Proxy]verdict.Config{}, Search: s.search}
	for _, pair := range s.pairs {
		if pair.Client == client {
			over.Servers = append(over.Servers, pair.Server)
			over.Configs[pair.Server.Proxy] = pair.Config
		}
	}
	return over
}

// request is the next request of the spread.
func (s *spread) request() *join.Attempt {
	a := s.Attempt
	if !s.single() || a.Want.Routed() {
		a.Spread = a.ID
	}
	if !s.single() {
		a.ID = fmt.Sprintf("%s-%d", a.ID, s.requests)
		s.requests++
	}
	return &a
}

// newSpread returns a spread without requests. What a case keeps is one connection, which has two pods.
func (c *CaseRun) newSpread(a join.Attempt, pairs []hopconfig.Pair, intent verdict.Intent) *spread {
	service, _, _ := c.r.World.Port(a.To)
	s := &spread{
		Attempt: a, pairs: pairs, every: slices.Contains(c.Case.Labels, everyPair),
		direct: service.Kind == fixture.Pod || service.Kind == fixture.GatewayPod,
	}
	if a.Want.Routed() {
		reached, port, _ := c.r.World.Port(a.Reached())
		s.search = searchFor(hop.LeastShare(intent.Routes, hop.ServicePort{Service: reached.Host(), Port: port.Number}, a.Want.Subset))
	}
	if a.Want.On != "" {
		kept := c.connections[a.Want.On]
		s.pods = len(s.from(kept.client).Servers)
		s.pairs = slices.DeleteFunc(slices.Clone(pairs), func(pair hopconfig.Pair) bool {
			return pair.Client != kept.client || pair.Server.Address != kept.conn.Destination.Addr()
		})
		if len(s.pairs) == 0 { // its pods are gone, and it with them
			s.pairs = pairs[:1]
		}
	}
	return s
}
