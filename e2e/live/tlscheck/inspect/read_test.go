package inspect

import (
	"regexp"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/oracle"
)

// A route to a service's port may lead to a subset, or to another port of the service: what a proxy is asked for holds these as well.
func TestAProxyIsAskedForEveryClusterThatARouteMayLeadTo(t *testing.T) {
	host := oracle.Host{Name: "shop.n.svc.cluster.local", Ports: []oracle.Port{{Number: 8080}}}
	var names []string
	for _, part := range wantedOf([]oracle.Host{host}, oracle.Workload{HasProxy: true}).Parts() {
		if part.Resource == "dynamic_active_clusters" {
			names = part.Names
		}
	}
	whole := regexp.MustCompile("^(?:" + strings.Join(names, "|") + ")$")
	for cluster, want := range map[string]bool{
		envoy.ClusterName(host.Name, 8080):                 true,
		envoy.SubsetName(host.Name, 8080, "v1"):            true,
		envoy.ClusterName(host.Name, 9090):                 true,
		envoy.ClusterName("a-"+host.Name, 8080):            false,
		envoy.ClusterName("shop.n.svc.cluster.local2", 80): false,
		envoy.PassthroughCluster:                           true,
	} {
		if got := whole.MatchString(cluster); got != want {
			t.Errorf("%s is asked for: %v, want %v", cluster, got, want)
		}
	}
}
