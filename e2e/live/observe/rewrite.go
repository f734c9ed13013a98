package observe

import (
	"time"

	"mtls.test/conformance/e2e/live/mesh"
)

// rewriteWindow is how long after its end a connection is taken to be in conntrack's table: two minutes
// (nf_conntrack_tcp_timeout_time_wait,
// https://www.kernel.org/doc/html/latest/networking/nf_conntrack-sysctl.html), and one for what passes between an attempt
// and the question.
const rewriteWindow = 3 * time.Minute

// Rewrites tells whether the server pod's netfilter had to give the attempt's connection another source port.
//
// Istio redirects every port of a pod to 15006. Two connections from one address and port, to two ports of the pod,
// would then have the same reply tuple, so conntrack changes the source port of the later one while the earlier is in
// its table: while it is open, and for two minutes after its end. The proxy has logged a connection from the address to
// another port then, and has not logged its end, or has within rewriteWindow of its newest line.
func (l *Logs) Rewrites(proxy mesh.Proxy, attempt Attempt) (rewritten bool) {
	if !attempt.From.IsValid() {
		return false
	}
	l.read(proxy, func(h *history) {
		rewritten = h.connections.toOther(attempt.From, attempt.Port, h.newest.Add(-rewriteWindow))
	})
	return rewritten
}
