package tlscheck

import (
	"fmt"
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/pure/oracle"
)

// EndpointDifference is an address of a service port that either the objects have or a client's proxy, and not both.
type EndpointDifference struct {
	Address  netip.AddrPort
	Workload string // that answers there, as NAMESPACE/NAME; empty where it is not known
	Held     bool   // the proxy has it, and no object lists it
	Why      string
}

// CompareEndpoints compares the addresses that the objects give a service port with those that a client's proxy holds. name
// tells the workload at an address, empty for none. Of endpoints that get no requests a proxy holds those that are not ready and
// those that drain, or not, as istiod is set (PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS in
// https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars, istio/istio
// pilot/pkg/xds/endpoints/endpoint_builder.go filterIstioEndpoint); none that terminate.
func CompareEndpoints(registered []oracle.RegisteredEndpoint, held []netip.AddrPort, name func(netip.Addr) string) []EndpointDifference {
	var all []EndpointDifference
	listed := map[netip.AddrPort]bool{}
	for _, one := range registered {
		terminates := one.Health == oracle.Terminating
		listed[one.Address] = listed[one.Address] || !terminates
		if one.Health == oracle.Healthy && !slices.Contains(held, one.Address) {
			all = append(all, EndpointDifference{Address: one.Address, Workload: one.Workload, Why: fmt.Sprintf("%s%s is of %s, and the client's proxy does not have it", one.Address, called(one.Workload), one.Source)})
		}
		if terminates && slices.Contains(held, one.Address) {
			all = append(all, EndpointDifference{Address: one.Address, Workload: one.Workload, Held: true, Why: fmt.Sprintf("the client's proxy has %s%s, which ends by %s", one.Address, called(one.Workload), one.Source)})
			listed[one.Address] = true
		}
	}
	for _, address := range held {
		if listed[address] {
			continue
		}
		listed[address] = true
		at := name(address.Addr())
		all = append(all, EndpointDifference{Address: address, Workload: at, Held: true, Why: fmt.Sprintf("the client's proxy has %s%s, and no EndpointSlice, ServiceEntry or WorkloadEntry lists it", address, called(at))})
	}
	slices.SortFunc(all, func(a, b EndpointDifference) int { return a.Address.Compare(b.Address) })
	return all
}

// called is the name of a workload in brackets, nothing for none.
func called(workload string) string {
	if workload == "" {
		return ""
	}
	return " (" + workload + ")"
}
