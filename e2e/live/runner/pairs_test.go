package runner

import (
	"math"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/attempt"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestRequestsAreEnoughToMissNoPodOfTheServer(t *testing.T) {
	if got := most(1); got != 1 {
		t.Errorf("of one pod: %d", got)
	}
	for servers := 2; servers <= 5; servers++ {
		e, n := float64(servers), most(servers)
		misses := func(n int) float64 { return e * math.Pow(1-1/e, float64(n)) }
		if misses(n) > missed || misses(n-1) <= missed {
			t.Errorf("%d requests miss one of %d pods with a chance of %g", n, servers, misses(n))
		}
	}
}

func TestRequestsAreEnoughToReachADestinationWithAShare(t *testing.T) {
	for share, want := range map[float64]attempt.Search{
		0:     {},
		1:     {Most: 1, AtOnce: 1},
		0.5:   {Most: 20, AtOnce: 2},
		0.1:   {Most: 132, AtOnce: 10},
		0.01:  {Most: 1375, AtOnce: soughtAtOnce},
		0.001: {Most: mostSought, AtOnce: soughtAtOnce},
	} {
		got := searchFor(share)
		if got != want {
			t.Errorf("a share of %g: %+v, want %+v", share, got, want)
		}
		misses := func(n int) float64 { return math.Pow(1-share, float64(n)) }
		if bounded := got.Most == mostSought; share > 0 && share < 1 && !bounded && (misses(got.Most) > missed || misses(got.Most-1) <= missed) {
			t.Errorf("a share of %g: %d requests miss it with a chance of %g", share, got.Most, misses(got.Most))
		}
	}
}

func TestRequestsGoOnUntilEveryPairOrEveryPodHasOne(t *testing.T) {
	pod := func(name string) mesh.Place { return mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: name}} }
	var pairs []hopconfig.Pair
	for _, client := range []string{"c1", "c2"} {
		for _, server := range []string{"s1", "s2"} {
			pairs = append(pairs, hopconfig.Pair{Client: pod(client), Server: pod(server)})
		}
	}
	went := func(client, server string, result hop.Result) verdict.AtPair {
		return verdict.AtPair{Pair: verdict.Pair{Client: "n/" + client, Server: "n/" + server, Requests: 1}, Check: verdict.Check{Result: result}}
	}
	never := slices.Clone(pairs)
	for i := range never {
		if never[i].Server.Pod == "s2" {
			never[i].Unpicked = "its weight is 0"
		}
	}
	unreached := went("c1", "s1", hop.Inconclusive)
	unreached.Requests, unreached.Check.Unreached = 0, "none came there"
	unplaced := went("c1", "s1", hop.Pass)
	unplaced.Requests, unplaced.Check.Unplaced = 0, true
	for name, test := range map[string]struct {
		pairs []hopconfig.Pair
		every bool
		made  []verdict.AtPair
		want  []string // the clients that send next
	}{
		"at first every client sends":     {pairs, false, nil, []string{"c1", "c2"}},
		"every pod has a request":         {pairs, false, []verdict.AtPair{went("c1", "s1", hop.Pass), went("c2", "s2", hop.Pass)}, nil},
		"a pod lacks one":                 {pairs, false, []verdict.AtPair{went("c1", "s1", hop.Pass), went("c2", "s1", hop.Pass)}, []string{"c1", "c2"}},
		"pairs lack one":                  {pairs, true, []verdict.AtPair{went("c1", "s1", hop.Pass), went("c1", "s2", hop.Pass), went("c2", "s2", hop.Pass)}, []string{"c2"}},
		"what failed is not tried again":  {pairs, true, []verdict.AtPair{went("c1", "s1", hop.Mismatch)}, nil},
		"what came to no pod is not sent": {pairs, true, []verdict.AtPair{unplaced}, []string{"c2"}},
		"what was sought in vain is not":  {pairs, true, []verdict.AtPair{unreached}, []string{"c2"}},
		"what is never picked lacks none": {never, true, []verdict.AtPair{went("c1", "s1", hop.Pass), went("c2", "s1", hop.Pass)}, nil},
	} {
		s := &spread{pairs: test.pairs, every: test.every, made: test.made, rounds: min(len(test.made), 1)}
		var got []string
		for _, over := range s.over() {
			got = append(got, over.Client.Pod)
		}
		if len(got) != len(test.want) || len(got) > 0 && got[0] != test.want[0] {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestRequestsOfOneCheckAreKnownByTheBeginOfTheirIDs(t *testing.T) {
	pairs := make([]hopconfig.Pair, 2)
	reaches := fixture.Expect{Reaches: hop.ServicePort{Service: "other", Port: 80}}
	for name, row := range map[string]struct {
		spread    *spread
		id, begin string
	}{
		"the only request":              {&spread{pairs: pairs[:1]}, "c-1", ""},
		"of several pods":               {&spread{pairs: pairs}, "c-1-0", "c-1"},
		"those that seek a destination": {&spread{pairs: pairs[:1], Attempt: join.Attempt{Want: reaches}}, "c-1", "c-1"},
	} {
		row.spread.ID = "c-1"
		if a := row.spread.request(); a.ID != row.id || a.Spread != row.begin {
			t.Errorf("%s: %s of %q", name, a.ID, a.Spread)
		}
	}
}

func TestARequestThatLeftElsewhereThanItsKeptConnectionIsMadeAgain(t *testing.T) {
	s := &spread{pairs: make([]hopconfig.Pair, 1), pods: 2}
	for s.among() > 1 {
		s.keep(verdict.AtPair{Check: verdict.Check{Unreached: "it left elsewhere"}})
		if len(s.made) > 0 || len(s.over()) != 1 {
			t.Fatalf("round %d: %d are kept, %d are next", s.rounds, len(s.made), len(s.over()))
		}
		s.rounds++
	}
	s.keep(verdict.AtPair{Pair: verdict.Pair{Requests: 1}})
	if s.rounds++; s.rounds != most(2) || len(s.made) != 1 || len(s.over()) > 0 {
		t.Errorf("after %d rounds %d are kept", s.rounds, len(s.made))
	}
}
