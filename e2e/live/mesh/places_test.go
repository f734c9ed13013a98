package mesh

import (
	"errors"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
)

func TestAWorkloadOfTwoPodsIsLackingWhereAHopNamesIt(t *testing.T) {
	workload := func(name string) fixture.Workload {
		return fixture.Workload{Name: name, Labels: map[string]string{"version": name}}
	}
	two := CountError{Workload: fixture.Workload{Name: "v2", Namespace: "default", Selector: "app=v2"}, Pods: []string{"v2-a", "v2-b"}}
	world := fixture.World{
		Clients: []fixture.Client{{Name: "client", Workload: workload("v1")}, {Name: "second", Workload: workload("v2")}},
		Services: []fixture.Service{
			{Name: "one", Workloads: []fixture.Workload{workload("v1")}},
			{Name: "two", Workloads: []fixture.Workload{workload("v2")}},
			{Name: "split", Workloads: []fixture.Workload{workload("v1"), workload("v2")}},
		},
	}
	places := placesOf(world, map[string]Place{"v1": {Proxy: Proxy{Pod: "v1-a"}}}, map[string]error{"v2": two})
	for _, test := range []struct {
		service, subset string
		there           bool
	}{{"one", "", true}, {"two", "", false}, {"split", "v1", true}, {"split", "v2", false}, {"unknown", "", false}} {
		if place, err := places.Server(test.service, test.subset); (err == nil) != test.there || place.Known() != test.there {
			t.Errorf("%s %s: %v, %v", test.service, test.subset, place, err)
		}
	}
	if _, err := places.Client("client"); err != nil {
		t.Error(err)
	}
	_, err := places.Client("second")
	if !errors.As(err, new(CountError)) || !strings.Contains(err.Error(), "2 pods run (v2-a, v2-b), want one (kubectl get pods -n default -l app=v2)") {
		t.Errorf("got %v", err)
	}
	if none := (CountError{Workload: two.Workload}).Error(); !strings.Contains(none, "no pod runs") {
		t.Error(none)
	}
}
