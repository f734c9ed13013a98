package traffic

import (
	"context"
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/fixtures/agent/call"
)

// clearPort is a port of TCP that every server's pod of fixtures/base serves, and the gateway's, which passes it on.
const clearPort = 9000

// Clear sends a request in the clear from a client without a proxy straight to a server's pod, and returns the port it
// went to. It must be answered: the policies in force must take plaintext.
func (s *Sender) Clear(ctx context.Context, id string, to mesh.Place) (uint16, error) {
	via, err := s.plainClient()
	if err != nil {
		return 0, err
	}
	address := netip.AddrPortFrom(to.Address, clearPort).String()
	results, err := s.send(ctx, via, []call.Request{{ID: id, Protocol: call.TCP, Address: address, TimeoutMillis: requestMillis}})
	if err != nil {
		return 0, fmt.Errorf("request in the clear to %s: %w", to, err)
	}
	if len(results) != 1 || !results[0].Answered() {
		return 0, fmt.Errorf("request in the clear to %s: it was not answered: %+v", to, results)
	}
	return clearPort, nil
}
