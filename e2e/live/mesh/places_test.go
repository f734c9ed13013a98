package mesh

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
)

func TestEveryPodOfAWorkloadIsAnEndOfItsHops(t *testing.T) {
	workload := func(name string) fixture.Workload {
		return fixture.Workload{Name: name, Labels: map[string]string{"version": name}}
	}
	pods := func(names ...string) Pods {
		var all Pods
		for _, name := range names {
			all = append(all, Place{Proxy: Proxy{Pod: name}, Proxied: true})
		}
		return all
	}
	none := NoPodError{Workload: fixture.Workload{Name: "v3", Namespace: "default", Selector: "app=v3"}}
	world := fixture.World{
		Clients: []fixture.Client{{Name: "client", Workload: workload("v1")}, {Name: "second", Workload: workload("v3")}},
		Services: []fixture.Service{
			{Name: "one", Workloads: []fixture.Workload{workload("v1")}},
			{Name: "two", Workloads: []fixture.Workload{workload("v2")}},
			{Name: "split", Workloads: []fixture.Workload{workload("v2"), workload("v3")}},
		},
	}
	places := placesOf(world, map[string]Pods{"v1": pods("v1-a"), "v2": pods("v2-a", "v2-b")}, map[string]error{"v3": none})
	for _, test := range []struct {
		service, subset string
		count           int
	}{{"one", "", 1}, {"two", "", 2}, {"split", "v2", 2}, {"split", "v3", 0}, {"unknown", "", 0}} {
		if found, err := places.Server(test.service, test.subset); (err == nil) != (test.count > 0) || len(found) != test.count || found.First().Known() != (test.count > 0) {
			t.Errorf("%s %s: %v, %v", test.service, test.subset, found, err)
		}
	}
	if _, err := places.Client("client"); err != nil {
		t.Error(err)
	}
	_, err := places.Client("second")
	if !errors.As(err, new(NoPodError)) || !strings.Contains(err.Error(), "no pod runs (kubectl get pods -n default -l app=v3)") {
		t.Errorf("got %v", err)
	}
	want := []Proxy{{Pod: "v1-a"}, {Pod: "v2-a"}, {Pod: "v2-b"}}
	if got := places.Proxies(); !slices.Equal(got, want) {
		t.Errorf("proxies %v, want %v", got, want)
	}
}
