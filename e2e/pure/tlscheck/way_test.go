package tlscheck

import (
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestTheWayOfARow(t *testing.T) {
	own := hop.ServicePort{Service: product, Port: 8080}
	other := hop.ServicePort{Service: "legacy.default.svc.cluster.local", Port: 80}
	for name, row := range map[string]struct {
		route *hop.Route
		want  string
	}{
		"the ordinary one":       {nil, product + ":8080"},
		"all to the host":        {&hop.Route{To: own, Share: 1}, product + ":8080"},
		"most to the host":       {&hop.Route{To: own, Share: 0.9}, product + ":8080 (90 %)"},
		"a subset":               {&hop.Route{To: own, Subset: "v1", Share: 1}, product + ":8080 (to subset v1)"},
		"a tenth elsewhere":      {&hop.Route{To: other, Share: 0.1}, product + ":8080 (to legacy.default.svc.cluster.local:80, 10 %)"},
		"a copy":                 {&hop.Route{To: other, Share: 1, Mirror: true}, product + ":8080 (to legacy.default.svc.cluster.local:80, a copy of 100 %)"},
		"a third":                {&hop.Route{To: other, Subset: "v2", Share: 1.0 / 3}, product + ":8080 (to legacy.default.svc.cluster.local:80 subset v2, 33.3333 %)"},
		"by a match":             {&hop.Route{To: other, Share: 1, Match: "path exact /a"}, product + ":8080 (to legacy.default.svc.cluster.local:80, where path exact /a)"},
		"to no service":          {&hop.Route{Cluster: "PassthroughCluster", Share: 1}, product + ":8080 (by PassthroughCluster)"},
		"to no service, by part": {&hop.Route{Cluster: "PassthroughCluster", Share: 0.5}, product + ":8080 (by PassthroughCluster, 50 %)"},
	} {
		h := answered(8080, hop.MTLS)
		h.Route = row.route
		beside := answered(9000, hop.Plaintext)
		told := Of(product, []Hop{h, beside})
		if got := told.Rows[0].Name(product); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestEachDestinationHasARowOfItsOwn(t *testing.T) {
	kept, gone := answered(8080, hop.MTLS), answered(8080, hop.Plaintext)
	kept.Route = &hop.Route{To: hop.ServicePort{Service: product, Port: 8080}, Share: 0.9}
	gone.Route = &hop.Route{To: hop.ServicePort{Service: "legacy", Port: 80}, Share: 0.1}
	told := Of(product, []Hop{kept, gone})
	if len(told.Rows) != 2 || told.Rows[0].Status != Plaintext || told.Rows[1].Status != OK {
		t.Errorf("%+v", told.Rows)
	}
}
