package hopconfig

import (
	"net/netip"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
)

func TestWhatTheClientsLoadBalancingMayNeverPickIsToldWithItsReason(t *testing.T) {
	a, b := netip.MustParseAddrPort("10.0.0.7:8080"), netip.MustParseAddrPort("10.0.0.8:8080")
	const hash = "a hash of the request picks the endpoint"
	for name, test := range map[string]struct {
		endpoints []envoy.Endpoint
		want      string // of b
	}{
		"all are alike":                {[]envoy.Endpoint{{Address: a}, {Address: b}}, ""},
		"it has no weight":             {[]envoy.Endpoint{{Address: a}, {Address: b, Unpicked: "its weight is 0"}}, "its weight is 0"},
		"another has no weight":        {[]envoy.Endpoint{{Address: a, Unpicked: "its weight is 0"}, {Address: b}}, ""},
		"by hash among several":        {[]envoy.Endpoint{{Address: a, ByHash: true}, {Address: b, ByHash: true}}, hash},
		"by hash, and there is one":    {[]envoy.Endpoint{{Address: b, ByHash: true}}, ""},
		"its second address":           {[]envoy.Endpoint{{Address: a, Also: []netip.AddrPort{b}, Unpicked: "its health is DRAINING"}}, "its health is DRAINING"},
		"it is there twice":            {[]envoy.Endpoint{{Address: b}, {Address: b, Unpicked: "its weight is 0"}}, ""},
		"the cluster has no list":      {nil, ""},
		"the cluster does not know it": {[]envoy.Endpoint{{Address: a, Unpicked: "its weight is 0"}}, ""},
	} {
		if got := unpickedOf(test.endpoints, b); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
