package hop

import (
	"slices"
	"testing"
)

func TestDifferenceNamesWhatOnlyOneSideHas(t *testing.T) {
	to := func(service string, share float64) Route {
		return Route{To: ServicePort{Service: service, Port: 8080}, Share: share}
	}
	mirror := to("legacy", 1)
	mirror.Mirror = true
	matched := to("legacy", 1)
	matched.Match = "path prefix /a"
	subset := to("product", 1)
	subset.Subset = "v1"
	sourced := to("product", 1)
	sourced.By = "VirtualService default/r"
	for name, row := range map[string]struct {
		proxy, objects []Route
		want           []string
	}{
		"nothing":                  {},
		"another order and source": {[]Route{to("product", 1), matched}, []Route{matched, sourced}, nil},
		"a repeated route":         {[]Route{to("product", 1), to("product", 1)}, []Route{to("product", 1)}, nil},
		"a third of thirds":        {[]Route{to("product", 1.0/3)}, []Route{to("product", 0.33333)}, nil},
		"a destination of the proxy": {[]Route{to("product", 0.9), to("legacy", 0.1)}, []Route{to("product", 0.9)},
			[]string{"the proxy sends 10 % of requests to legacy:8080, and no object asks for it"}},
		"a destination of the objects": {nil, []Route{subset},
			[]string{"by the objects the proxy sends 100 % of requests to product:8080, subset v1, and it does not"}},
		"another share": {[]Route{to("product", 0.9)}, []Route{to("product", 0.875)},
			[]string{"the proxy sends 90 % of requests to product:8080, and by the objects it is 87.5 %"}},
		"a server name": {[]Route{to("product", 1)}, []Route{{To: ServicePort{Service: "product", Port: 8080}, Share: 1, Match: "sni exact a.test"}}, nil},
		"a mirror": {[]Route{mirror}, nil,
			[]string{"the proxy sends a copy of 100 % of requests to legacy:8080, and no object asks for it"}},
		"another match": {[]Route{matched}, []Route{to("legacy", 1)}, []string{
			"by the objects the proxy sends 100 % of requests to legacy:8080, and it does not",
			"the proxy sends 100 % of requests with path prefix /a to legacy:8080, and no object asks for it",
		}},
		"no cluster of a service": {[]Route{{Cluster: "PassthroughCluster", Share: 1}}, []Route{{Share: 1}}, []string{
			"by the objects the proxy answers 100 % of requests itself, and it does not",
			"the proxy sends 100 % of requests to PassthroughCluster, and no object asks for it",
		}},
	} {
		if got := Difference(row.proxy, row.objects); !slices.Equal(got, row.want) {
			t.Errorf("%s:\n%q, want\n%q", name, got, row.want)
		}
	}
}
