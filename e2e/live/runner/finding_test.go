package runner

import (
	"context"
	"errors"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestAFindingConcernsTheCasesThatRestOnThePod(t *testing.T) {
	pod := func(name string) mesh.Proxy { return mesh.Proxy{Namespace: "n", Pod: name} }
	places := mesh.Places{
		Clients:  map[string]mesh.Place{"client": {Proxy: pod("client")}, "plain-client": {Proxy: pod("plain")}},
		Services: map[string]mesh.Place{"a": {Proxy: pod("a")}, "b": {Proxy: pod("b")}},
		Lacking:  map[string]error{"c": errors.New("2 pods run")},
	}
	world := fixture.World{
		Clients:  []fixture.Client{{Name: "client", Kind: hop.Sidecar}, {Name: "plain-client", Kind: hop.Plain}},
		Services: []fixture.Service{{Name: "a"}, {Name: "b"}, {Name: "c"}},
	}
	p := &Player{World: world, Places: places, Sender: &traffic.Sender{World: world, Places: places}}
	for pod, why := range map[mesh.Proxy]string{{}: "of the mesh", pod("a"): "of a", pod("b"): "of b"} {
		if err := p.find(t.Context(), pod, errors.New(why)); err != nil {
			t.Fatal(err)
		}
	}
	over := func(service string) *play {
		expect := fixture.Expect{From: fixture.Names{"client"}, To: fixture.Names{service + ":80"}}
		return &play{Player: p, c: fixture.Case{Steps: []fixture.Step{{Expect: []fixture.Expect{expect}}}}}
	}
	findings, lacking := over("a").found()
	slices.Sort(findings)
	if !slices.Equal(findings, []string{"of a", "of the mesh"}) || len(lacking) > 0 {
		t.Errorf("a case on a: findings %q, lacking %q", findings, lacking)
	}
	if _, lacking := over("c").found(); !slices.Equal(lacking, []string{"2 pods run"}) {
		t.Errorf("a case on c lacks %q", lacking)
	}
}

func TestWhatEndsWithItsContextIsNoFinding(t *testing.T) {
	p := new(Player)
	if err := p.find(t.Context(), mesh.Proxy{}, nil); err != nil || len(p.findings) > 0 {
		t.Errorf("nothing is found: %v, %v", err, p.findings)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.find(over, mesh.Proxy{}, errors.New("of the context")); !errors.Is(err, context.Canceled) || len(p.findings) > 0 {
		t.Errorf("%v, %v", err, p.findings)
	}
}

func TestPacketsOfAServerWithoutAPositiveControlProveNothing(t *testing.T) {
	pod := mesh.Proxy{Namespace: "n", Pod: "blind"}
	r := &round{
		play:    &play{Player: &Player{blind: map[mesh.Proxy]error{pod: errors.New("nothing was seen")}}, evidence: NewEvidence()},
		servers: map[string]mesh.Place{"on-blind": {Proxy: pod}, "on-other": {Proxy: mesh.Proxy{Namespace: "n", Pod: "other"}}},
	}
	for id, proves := range map[string]bool{"on-blind": false, "on-other": true} {
		check := verdict.Check{ID: id}
		r.show(&check, wireThatSays(hop.Plaintext))
		if seen := check.Observers.Wire; (seen.Says == hop.Plaintext) != proves || (seen.Missing == "") != proves {
			t.Errorf("%s: %+v", id, seen)
		}
	}
}

func TestAProxyThatDoesNotTellItsConfigurationIsMissingForItsHopsAlone(t *testing.T) {
	known, silent := mesh.Proxy{Pod: "known"}, mesh.Proxy{Pod: "silent"}
	all := dumps{known: {}, silent: {err: errors.New("port-forward: refused")}}
	if _, err := all.of(known); err != nil {
		t.Error(err)
	}
	for _, proxy := range []mesh.Proxy{silent, {Pod: "never asked"}} {
		if _, err := all.of(proxy); err == nil {
			t.Errorf("%s is known", proxy)
		}
	}
}
