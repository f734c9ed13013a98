package observe

import (
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/accesslog"
	"mtls.test/conformance/e2e/mesh"
)

// only returns the line of the one connection since the mark that fits and never became a request; nil where there is
// none, an error where there are several. Of the lines of a connection, the listener's serves where there is no other.
func (l *Logs) only(proxy mesh.Proxy, after Mark, fits func(accesslog.Line) bool) (*entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := l.entries[proxy]
	asked := map[int]bool{} // connections that brought a request, also before the mark
	for _, e := range entries {
		if e.line.HopID != "" && e.line.ConnectionID != 0 {
			asked[e.line.ConnectionID] = true
		}
	}
	var only *entry
	remotes := map[netip.AddrPort]bool{}
	for i := int(after); i < len(entries); i++ {
		e := &entries[i]
		if e.damage != nil || e.line.HopID != "" || asked[e.line.ConnectionID] || !fits(e.line) {
			continue
		}
		remotes[e.line.DownstreamDirectRemoteAddress] = true
		if only == nil || only.line.Kind == accesslog.Listener {
			only = e
		}
	}
	if len(remotes) > 1 {
		return nil, fmt.Errorf("%d connections in the log of %s could be the attempt's: send the hops of one client to one port one by one", len(remotes), proxy)
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
