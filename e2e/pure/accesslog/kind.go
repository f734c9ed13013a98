package accesslog

// Kind is what a line is about.
type Kind string

// The kinds of line. One connection leaves several: of a request and of a listener, or of a proxied one and of a listener.
const (
	// Request is a request over HTTP, or bytes at an HTTP filter chain that are none.
	Request Kind = "request"
	// Proxied is a connection that a proxy took to its other side without reading it: TCP.
	Proxied Kind = "proxied"
	// Listener is a connection as the listener saw it, whatever became of it (fixtures/base/failed-handshakes.yaml, and
	// Istio's own listener log, which has only those that no filter chain took).
	Listener Kind = "listener"
)

// kind reads the key that the suite's listener log carries. Without that key it uses a field that only one kind can have:
// Envoy gives a TCP connection no response code details, and Istio's listener log has only those of a missing filter chain.
func (l Line) kind(log string) Kind {
	switch {
	case log == string(Listener), l.noFilterChain():
		return Listener
	case l.Protocol != "", l.ResponseCodeDetails != "":
		return Request
	default:
		return Proxied
	}
}

func (l Line) noFilterChain() bool { return l.ResponseCodeDetails == "filter_chain_not_found" }
