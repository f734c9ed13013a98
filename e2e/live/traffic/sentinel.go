package traffic

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/fixtures/agent/call"
)

// Sentinels go to ports that no service has and nobody serves. The server's proxy takes a connection to one like any
// other, and logs its end under every policy: as one without a filter chain, or as one whose upstream refused. Each
// goes to another port, which names it in the log: its source port may be rewritten on the way (observe.Rewrites).
// The ingress gateway listens at the ports of Gateway objects alone, so it has one for sentinels, and answers 404.
const (
	gatewaySentinelPort = 20000
	firstSentinelPort   = 20001
	sentinelPorts       = 9999
)

// Sentinel sends a connection through the proxy of a server's pod, and returns the port it went to. What that proxy had
// to log of earlier, finished connections is in its log once the sentinel's line is. A server without a proxy has none.
func (s *Sender) Sentinel(ctx context.Context, id string, to mesh.Place) (uint16, error) {
	if !to.Proxied {
		return 0, fmt.Errorf("sentinel to %s: it has no proxy, whose log could show it", to)
	}
	via, err := s.plainPod()
	if err != nil {
		return 0, err
	}
	protocol, port := call.TCP, uint16(firstSentinelPort+rand.IntN(sentinelPorts))
	if slices.Contains(s.gateway(), to) {
		protocol, port = call.HTTP, gatewaySentinelPort
	}
	issued, err := s.Ledger.Issue(id)
	if err != nil {
		return 0, err
	}
	request := call.Request{ID: id, Token: issued, Protocol: protocol, Address: netip.AddrPortFrom(to.Address, port).String(), TimeoutMillis: timeout.Request.Millis()}
	results, err := s.send(ctx, via.Proxy, []call.Request{request})
	if err != nil {
		return 0, fmt.Errorf("sentinel to %s: %w", to, err)
	}
	if len(results) != 1 {
		return 0, fmt.Errorf("sentinel to %s: %d answers to one request", to, len(results))
	}
	return port, passed(results[0], to, port)
}

// ErrPastProxy is returned, wrapped, where connections to a pod pass its proxy by.
var ErrPastProxy = errors.New("connections to it go past its proxy")

// passed tells why a sentinel did not come to the proxy of a pod. A proxy takes connections to every port, so a refusal is the
// pod's own.
func passed(result call.Result, to mesh.Place, port uint16) error {
	switch {
	case result.Local.IsValid():
		return nil
	case strings.Contains(result.Error, syscall.ECONNREFUSED.Error()):
		return fmt.Errorf("%s: %w: port %d, which nobody serves, is refused by the pod itself (annotations traffic.sidecar.istio.io/… and the iptables rules of the pod decide what its proxy gets)", to, ErrPastProxy, port)
	}
	return fmt.Errorf("sentinel to %s: it did not connect: %s", to, result.Error)
}
