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
)

func TestAFindingConcernsTheCasesThatRestOnThePod(t *testing.T) {
	pod := func(name string) mesh.Proxy { return mesh.Proxy{Namespace: "n", Pod: name} }
	places := mesh.Places{
		Clients:  map[string]mesh.Pods{"client": {{Proxy: pod("client")}}, "plain-client": {{Proxy: pod("plain")}}},
		Services: map[string]mesh.Pods{"a": {{Proxy: pod("a")}}, "b": {{Proxy: pod("b")}}},
		Lacking:  map[string]error{"c": errors.New("2 pods run")},
	}
	world := fixture.World{
		Clients:  []fixture.Client{{Name: "client", Kind: hop.Sidecar}, {Name: "plain-client", Kind: hop.Plain}},
		Services: []fixture.Service{{Name: "a"}, {Name: "b"}, {Name: "c"}},
	}
	r := &Runner{World: world, Places: places, Sender: &traffic.Sender{World: world, Places: places}}
	for pod, why := range map[mesh.Proxy]string{{}: "of the mesh", pod("a"): "of a", pod("b"): "of b"} {
		if err := r.find(t.Context(), pod, errors.New(why)); err != nil {
			t.Fatal(err)
		}
	}
	over := func(service string) *CaseRun {
		expect := fixture.Expect{From: fixture.Names{"client"}, To: fixture.Names{service + ":80"}}
		return &CaseRun{r: r, Case: fixture.Case{Steps: []fixture.Step{{Expect: []fixture.Expect{expect}}}}}
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
	r := new(Runner)
	if err := r.find(t.Context(), mesh.Proxy{}, nil); err != nil || len(r.findings) > 0 {
		t.Errorf("nothing is found: %v, %v", err, r.findings)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.find(over, mesh.Proxy{}, errors.New("of the context")); !errors.Is(err, context.Canceled) || len(r.findings) > 0 {
		t.Errorf("%v, %v", err, r.findings)
	}
}
