package inspect

import (
	"net/netip"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// What cannot be told of one address of a service cannot be told of the service, whichever address is looked at last.
func TestAnAddressWhoseListenerIsNotEvaluated(t *testing.T) {
	const unread = `{"name": "unread", "active_state": {"listener": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}}, "filter_chain_matcher": {}}}}`
	const plain = `{"name": "plain", "active_state": {"listener": {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}},
		"filter_chains": [{"filters": [{"name": "tcp", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "outbound|80||a.b"}}]}]}}}`
	dump, err := envoy.Parse(strings.NewReader(`{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [` + unread + "," + plain + `]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	first, second := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	for _, addresses := range [][]netip.Addr{{first, second}, {second, first}} {
		host := oracle.Host{Name: "a.b", Addresses: addresses}
		found := (&Inspector{}).configured(host, oracle.Port{Number: 80, Protocol: hop.TCP}, oracle.Workload{HasProxy: true}, dump, nil)
		if !strings.Contains(found.unknown, "filter_chain_matcher") || len(found.routes) != 1 {
			t.Errorf("%v: %+v", addresses, found)
		}
	}
}
