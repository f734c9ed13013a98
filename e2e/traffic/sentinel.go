package traffic

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
)

// Sentinels go to ports that no service has and nobody serves. The server's proxy takes a connection to one like any
// other, and logs its end under every policy: as one without a filter chain, or as one whose upstream refused. Each
// goes to another port, which names it in the log: its source port may be rewritten on the way (observe.Rewrites).
const (
	firstSentinelPort = 20000
	sentinelPorts     = 10000
)

// Sentinel sends a connection through the proxy of a service's pod, and returns the port it went to. What that
// proxy had to log of earlier, finished connections is in its log once the sentinel's line is.
func (s *Sender) Sentinel(ctx context.Context, id, service string) (uint16, error) {
	from, found := s.plainClient()
	if !found {
		return 0, fmt.Errorf("the world has no client without a proxy to send a sentinel")
	}
	port := uint16(firstSentinelPort + rand.IntN(sentinelPorts))
	address := netip.AddrPortFrom(s.Places.Services[service].Address, port).String()
	var answer control.SendAnswer
	request := control.SendRequest{Requests: []call.Request{{ID: id, Protocol: call.TCP, Address: address, TimeoutMillis: requestMillis}}}
	if err := s.Mesh.Control(ctx, s.Places.Clients[from].Proxy, control.PathSend, request, &answer); err != nil {
		return 0, fmt.Errorf("sentinel to %s: %w", service, err)
	}
	if len(answer.Results) != 1 || !answer.Results[0].Local.IsValid() {
		return 0, fmt.Errorf("sentinel to %s: it did not connect: %+v", service, answer.Results)
	}
	return port, nil
}

func (s *Sender) plainClient() (string, bool) {
	for _, client := range s.World.Clients {
		if client.Kind == hop.Plain {
			return client.Name, true
		}
	}
	return "", false
}
