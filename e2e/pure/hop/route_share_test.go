package hop

import "testing"

func TestTheLeastShareOfADestinationLeavesOutMirrorsAndOtherSubsets(t *testing.T) {
	legacy := ServicePort{Service: "legacy-service.default.svc.cluster.local", Port: 8080}
	other := ServicePort{Service: "other.default.svc.cluster.local", Port: 8080}
	routes := []Route{
		{To: legacy, Share: 1, Match: "header x-lane exact legacy"},
		{To: legacy, Share: 0.1},
		{To: other, Share: 0.9},
		{To: legacy, Share: 0.02, Mirror: true},
		{To: legacy, Subset: "old", Share: 0.05},
	}
	for _, want := range []struct {
		to     ServicePort
		subset string
		share  float64
	}{{legacy, "", 0.1}, {legacy, "old", 0.05}, {other, "", 0.9}, {other, "old", 0}} {
		if got := LeastShare(routes, want.to, want.subset); got != want.share {
			t.Errorf("%s %q: %v, want %v", want.to, want.subset, got, want.share)
		}
	}
}
