package tlscheck

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/oracle"
)

// An address that only one side has is a difference. Whether a proxy holds an endpoint that gets no requests is istiod's choice,
// and of one that terminates a mistake.
func TestEndpointsThatOneSideHas(t *testing.T) {
	const a, b = "10.0.0.5:8080", "[fd00::6]:8080"
	registered := func(health oracle.Health, addresses ...string) []oracle.RegisteredEndpoint {
		var all []oracle.RegisteredEndpoint
		for _, address := range addresses {
			all = append(all, oracle.RegisteredEndpoint{Address: netip.MustParseAddrPort(address), Workload: "shop/orders", Source: "EndpointSlice shop/x", Health: health})
		}
		return all
	}
	for name, row := range map[string]struct {
		objects []oracle.RegisteredEndpoint
		held    []string
		want    []string // ADDRESS held, or not
		why     string
	}{
		"alike":                     {registered(oracle.Healthy, a, b), []string{b, a}, nil, ""},
		"the proxy lacks one":       {registered(oracle.Healthy, a, b), []string{a}, []string{b + " false"}, "[fd00::6]:8080 (shop/orders) is of EndpointSlice shop/x, and the client's proxy does not have it"},
		"the proxy has one more":    {registered(oracle.Healthy, a), []string{a, b}, []string{b + " true"}, "the client's proxy has [fd00::6]:8080 (shop/naked), and no EndpointSlice"},
		"another port":              {registered(oracle.Healthy, a), []string{"10.0.0.5:9000"}, []string{a + " false", "10.0.0.5:9000 true"}, ""},
		"one twice":                 {registered(oracle.Healthy, a), []string{a, b, b}, []string{b + " true"}, ""},
		"not ready, held":           {registered(oracle.Unhealthy, a), []string{a}, nil, ""},
		"not ready, not held":       {registered(oracle.Unhealthy, a), nil, nil, ""},
		"draining, held":            {registered(oracle.Draining, a), []string{a}, nil, ""},
		"terminating, not held":     {registered(oracle.Terminating, a), nil, nil, ""},
		"terminating, held":         {registered(oracle.Terminating, a), []string{a}, []string{a + " true"}, "which ends by EndpointSlice shop/x"},
		"terminates and comes back": {append(registered(oracle.Healthy, a), registered(oracle.Unhealthy, a)...), []string{a}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var held []netip.AddrPort
			for _, address := range row.held {
				held = append(held, netip.MustParseAddrPort(address))
			}
			var got, why []string
			for _, one := range CompareEndpoints(row.objects, held, func(netip.Addr) string { return "shop/naked" }) {
				got = append(got, fmt.Sprintf("%s %v", one.Address, one.Held))
				why = append(why, one.Why)
			}
			slices.Sort(got)
			slices.Sort(row.want)
			if !slices.Equal(got, row.want) || !strings.Contains(strings.Join(why, "; "), row.why) {
				t.Errorf("%q %q, want %q", got, why, row.want)
			}
		})
	}
}
