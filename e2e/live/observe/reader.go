package observe

import (
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
)

// Reader takes the lines of a proxy's log in the order in which they were written.
func (l *Logs) Reader(proxy mesh.Proxy) kube.LogReader { return l.of(proxy) }
