package traffic

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/fixtures/agent/call"
)

// reachMillis bounds one try to connect.
const reachMillis = 500

// Reaches tells whether a client without a proxy can connect to a service by its name. No proxy's configuration tells: it
// is the node's kube-proxy that has to learn of a new pod.
func (s *Sender) Reaches(ctx context.Context, id string, to hop.ServicePort) (bool, error) {
	via, err := s.plainClient()
	if err != nil {
		return false, err
	}
	service, port, found := s.World.Port(to)
	if !found {
		return false, fmt.Errorf("%s: no such service port", to)
	}
	address := fmt.Sprintf("%s:%d", service.Host(), port.Number)
	results, err := s.send(ctx, via, []call.Request{{ID: id, Protocol: call.TCP, Address: address, TimeoutMillis: reachMillis}})
	return err == nil && len(results) == 1 && results[0].Local.IsValid(), err
}
