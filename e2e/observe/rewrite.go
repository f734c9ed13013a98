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
