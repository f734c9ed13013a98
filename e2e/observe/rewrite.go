package observe

import (
	"mtls.test/conformance/e2e/accesslog"
	"mtls.test/conformance/e2e/mesh"
)

// Rewrites tells whether the server pod's netfilter had to give the attempt's connection another source port.
//
// Istio redirects every port of a pod to 15006. Two connections from one address and port, to two ports of the pod,
// would then have the same reply tuple, so conntrack changes the source port of the later one while the earlier is in
// its table, for two minutes after its end. The proxy has logged a connection from the address to another port then.
func (l *Logs) Rewrites(proxy mesh.Proxy, attempt Attempt) bool {
	other, _ := l.last(proxy, 0, func(line accesslog.Line) bool {
		return line.DownstreamDirectRemoteAddress == attempt.From && line.DownstreamLocalAddress.Port() != attempt.Port
	})
	return attempt.From.IsValid() && other != nil
}

// rewritten returns the one line since the mark that never became a request and came from the attempt's pod to its
// port; nil where there is none or more than one.
func (l *Logs) rewritten(proxy mesh.Proxy, after Mark, attempt Attempt) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var only *entry
	fits := toPort(attempt.Port, func(line accesslog.Line) bool {
		return line.HopID == "" && line.DownstreamDirectRemoteAddress.Addr() == attempt.From.Addr()
	})
	entries := l.entries[proxy]
	for i := int(after); i < len(entries); i++ {
		if entries[i].damage != nil || !fits(entries[i].line) {
			continue
		}
		if only != nil {
			return nil
		}
		only = &entries[i]
	}
	return only
}

func toPort(port uint16, fits func(accesslog.Line) bool) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.DownstreamLocalAddress.Port() == port && fits(line) }
}
