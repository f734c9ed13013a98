package traffic

import (
	"context"
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/fixtures/agent/call"
)

// ClearPort is a port of TCP that every server's pod of fixtures/base serves, and the gateway's, which passes it on.
const ClearPort = 9000

// Clear sends a request in the clear from a client without a proxy straight to a server's pod, and returns the port it
// went to. It must be answered: the policies in force must take plaintext.
func (s *Sender) Clear(ctx context.Context, id string, to mesh.Place) (uint16, error) {
	result, err := s.clear(ctx, id, netip.AddrPortFrom(to.Address, ClearPort).String(), timeout.Request.Millis())
	if err != nil {
		return 0, fmt.Errorf("request in the clear to %s: %w", to, err)
	}
	if !result.Answered() {
		return 0, fmt.Errorf("request in the clear to %s: it was not answered: %+v", to, result)
	}
	return ClearPort, nil
}

// Passes tells whether a request in the clear, from a client without a proxy to an address, is answered.
func (s *Sender) Passes(ctx context.Context, id string, address netip.AddrPort) (bool, error) {
	result, err := s.clear(ctx, id, address.String(), timeout.Pass.Millis())
	return result.Answered(), err
}

// clear sends a line over TCP from a client without a proxy.
func (s *Sender) clear(ctx context.Context, id, address string, millis int) (call.Result, error) {
	via, err := s.plainPod()
	if err != nil {
		return call.Result{}, err
	}
	issued, err := s.Ledger.Issue(id)
	if err != nil {
		return call.Result{}, err
	}
	results, err := s.send(ctx, via.Proxy, []call.Request{{ID: id, Token: issued, Protocol: call.TCP, Address: address, TimeoutMillis: millis}})
	if err == nil && len(results) != 1 {
		err = fmt.Errorf("%d answers to one request", len(results))
	}
	if err != nil {
		return call.Result{}, err
	}
	return results[0], nil
}
