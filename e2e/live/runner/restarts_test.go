package runner

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

func TestACaseRestsOnThePodsOfItsHopsAlone(t *testing.T) {
	pod := func(name string) mesh.Pods {
		return mesh.Pods{{Proxy: mesh.Proxy{Namespace: "n", Pod: name}, Proxied: true}}
	}
	world := fixture.World{
		Clients: []fixture.Client{{Name: "gateway", Kind: hop.Gateway}, {Name: "client", Kind: hop.Sidecar}, {Name: "other-client", Kind: hop.Sidecar}, {Name: "plain-client", Kind: hop.Plain}},
		Services: []fixture.Service{
			{Name: "product-service", Ports: []fixture.Port{{Number: 8080, Protocol: hop.HTTP}}},
			{Name: "split", Ports: []fixture.Port{{Number: 80, Protocol: hop.HTTP}}},
			{Name: "other", Ports: []fixture.Port{{Number: 80, Protocol: hop.HTTP}}},
		},
	}
	places := mesh.Places{
		Clients: map[string]mesh.Pods{"gateway": pod("gateway"), "client": pod("client"), "other-client": pod("other-client"), "plain-client": pod("plain")},
		Services: map[string]mesh.Pods{
			"product-service": pod("product"), "split/v1": pod("split-v1"), "split/v2": pod("split-v2"), "other": pod("other"),
		},
	}
	r := &Runner{World: world, Places: places, Sender: &traffic.Sender{World: world, Places: places}}
	for name, test := range map[string]struct {
		step fixture.Step
		want []string
	}{
		"an expectation":     {fixture.Step{Expect: []fixture.Expect{{From: fixture.Names{"client"}, To: fixture.Names{"product-service:8080"}}}}, []string{"plain", "client", "product"}},
		"a subset":           {fixture.Step{Expect: []fixture.Expect{{From: fixture.Names{"client"}, To: fixture.Names{"split:80"}, Subset: "v2"}}}, []string{"plain", "client", "split-v2"}},
		"a kept connection":  {fixture.Step{Connect: []fixture.Connection{{From: "gateway", To: "other:80"}}}, []string{"plain", "gateway", "other"}},
		"background traffic": {fixture.Step{Traffic: fixture.Start, From: fixture.Names{"client"}, To: fixture.Names{"other:80"}}, []string{"plain", "client", "other"}},
		"only a change":      {fixture.Step{Apply: []string{"policy.yaml"}}, []string{"plain"}},
	} {
		run := &CaseRun{r: r, Case: fixture.Case{Steps: []fixture.Step{test.step}}}
		var got []string
		for _, pod := range run.restsOn() {
			got = append(got, pod.Pod)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
