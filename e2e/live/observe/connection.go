package observe

import (
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/pure/accesslog"
)

// only returns the line of the one connection since the mark that fits and never became a request; nil where there is
// none, an error where there are several. Of the lines of a connection, the listener's serves where there is no other.
func (h *history) only(after Mark, fits func(accesslog.Line) bool) (*entry, error) {
	if err := h.forgotten(after); err != nil {
		return nil, err
	}
	var only *entry
	remotes := map[netip.AddrPort]bool{}
	for place := after; place < h.end(); place++ {
		e := h.at(place)
		// A connection that brought a request, also before the mark, is another's.
		if e.damage != nil || e.line.HopID != "" || h.connections.requested(e.line) || !fits(e.line) {
			continue
		}
		remotes[e.line.DownstreamDirectRemoteAddress] = true
		if only == nil || only.line.Kind == accesslog.Listener {
			only = e
		}
	}
	if len(remotes) > 1 {
		return nil, fmt.Errorf("%d connections in its log could be the attempt's: send the hops of one client to one port one by one", len(remotes))
	}
	return only, nil
}

// fromPod fits lines of connections that came from a pod.
func fromPod(pod netip.Addr) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.DownstreamDirectRemoteAddress.Addr() == pod }
}

// failedFrom fits lines of connections that came from a pod and in which no TLS came to stand. A server name, where the
// line has one, must be the attempt's.
func failedFrom(pod netip.Addr, sni string) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool {
		tls := line.Server("").TLS
		return fromPod(pod)(line) && (tls == nil || tls.Version == "") && (line.RequestedServerName == "" || line.RequestedServerName == sni)
	}
}

// listenerOf fits the listener's line of the connection of a line. Connections that no filter chain took have no id.
func listenerOf(line accesslog.Line) func(accesslog.Line) bool {
	return func(other accesslog.Line) bool {
		return other.Kind == accesslog.Listener && other.ConnectionID == line.ConnectionID && other.DownstreamDirectRemoteAddress == line.DownstreamDirectRemoteAddress
	}
}

func toPort(port uint16, fits func(accesslog.Line) bool) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.DownstreamLocalAddress.Port() == port && fits(line) }
}
