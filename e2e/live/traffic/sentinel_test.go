package traffic

import (
	"errors"
	"net/netip"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/fixtures/agent/call"
)

// A proxy takes connections to every port of its pod, so only a pod's own kernel refuses one.
func TestASentinelThatThePodItselfRefusesWentPastTheProxy(t *testing.T) {
	to := mesh.Place{Proxy: mesh.Proxy{Namespace: "default", Pod: "product-service-1"}, Proxied: true}
	for name, test := range map[string]struct {
		result     call.Result
		sent, past bool
	}{
		"taken by the proxy":  {call.Result{Local: netip.MustParseAddrPort("10.0.0.1:20001"), Error: "read: connection reset by peer"}, true, false},
		"refused by the pod":  {call.Result{Error: "dial tcp 10.0.0.2:20009: connect: connection refused"}, false, true},
		"nobody answered":     {call.Result{Error: "dial tcp 10.0.0.2:20009: i/o timeout"}, false, false},
		"there is no network": {call.Result{Error: "connect: no route to host"}, false, false},
	} {
		err := passed(test.result, to, 20009)
		if (err == nil) != test.sent || errors.Is(err, ErrPastProxy) != test.past {
			t.Errorf("%s: %v", name, err)
		}
	}
}
