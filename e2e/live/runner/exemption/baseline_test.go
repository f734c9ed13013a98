package exemption

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/pure/fixture"
)

// A lease must be provable on a new connection to the one workload that it is for.
func TestALeaseIsForServicesOfOneWorkloadWithNewConnections(t *testing.T) {
	one, two := []fixture.Workload{{}}, []fixture.Workload{{}, {}}
	world := fixture.World{Services: []fixture.Service{
		{Name: "product", Kind: fixture.ClusterIP, Workloads: one},
		{Name: "split", Kind: fixture.ClusterIP, Workloads: two},
		{Name: "pooled", Kind: fixture.ClusterIP, Workloads: one, Pooled: true},
		{Name: "alias", Kind: fixture.ExternalName, Workloads: one},
		{Name: "gateway", Kind: fixture.GatewayPod, Workloads: one},
	}}
	if got := exemptible(&runner.Runner{World: world}); !slices.Equal(got, []string{"product"}) {
		t.Errorf("%v", got)
	}
}
