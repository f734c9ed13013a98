package hopconfig

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

func TestWhereAProxyLeadsRequests(t *testing.T) {
	const wanted = "outbound|8080||a"
	to := func(cluster, by string, share float64) hop.Route {
		service, subset, _ := envoy.ServiceOf(cluster)
		return hop.Route{To: service, Subset: subset, Cluster: cluster, Share: share, By: by}
	}
	copied := to("outbound|80||b", "1", 1)
	copied.Mirror = true
	for name, row := range map[string]struct {
		routes    []hop.Route
		cluster   string
		otherwise string
	}{
		"nowhere that is known":           {nil, wanted, ""},
		"to the service":                  {[]hop.Route{to(wanted, "1", 1)}, wanted, ""},
		"by a cluster of no service":      {[]hop.Route{to(envoy.PassthroughCluster, "1", 1)}, envoy.PassthroughCluster, ""},
		"a tenth elsewhere":               {[]hop.Route{to(wanted, "1", 0.9), to("outbound|80||b", "1", 0.1)}, wanted, "10 % of its requests go to outbound|80||b (1)"},
		"a copy elsewhere":                {[]hop.Route{to(wanted, "1", 1), copied}, wanted, "a copy of 100 % of its requests goes to outbound|80||b (1)"},
		"other requests elsewhere":        {[]hop.Route{to(wanted, "1", 1), to("outbound|80||b", "2", 1)}, wanted, ""},
		"all elsewhere":                   {[]hop.Route{to("outbound|80||b", "1", 1)}, wanted, "100 % of its requests go to outbound|80||b (1)"},
		"all to a subset":                 {[]hop.Route{to("outbound|8080|v1|a", "1", 1)}, wanted, "100 % of its requests go to outbound|8080|v1|a (1)"},
		"answered by the proxy":           {[]hop.Route{{Share: 1, By: "1, a redirect"}}, wanted, "nowhere: the proxy answers by itself (1, a redirect)"},
		"a copy to the service as well":   {[]hop.Route{to(wanted, "1", 1), {To: hop.ServicePort{Service: "a", Port: 8080}, Cluster: wanted, Share: 1, Mirror: true, By: "1"}}, wanted, "a copy of 100 % of its requests goes to " + wanted},
		"some by a cluster of no service": {[]hop.Route{to(wanted, "1", 0.5), to(envoy.PassthroughCluster, "1", 0.5)}, wanted, "50 % of its requests go to PassthroughCluster"},
	} {
		got := ledBy(row.routes, wanted)
		told := strings.Join(got.otherwise, "; ")
		if got.cluster != row.cluster || !strings.Contains(told, row.otherwise) || (told == "") != (row.otherwise == "") {
			t.Errorf("%s: %s, otherwise %q; want %s, %q", name, got.cluster, told, row.cluster, row.otherwise)
		}
	}
}
