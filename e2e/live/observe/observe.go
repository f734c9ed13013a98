package observe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/seen"
)

// ClientLine waits for the line of a request in its client proxy's log: by its id, or for a TCP connection, which has
// none, by the two addresses of the application's own socket, which are DOWNSTREAM_DIRECT_REMOTE_ADDRESS and
// DOWNSTREAM_LOCAL_ADDRESS to the proxy: to another destination a source port may be used again at once. The chain goes on alike for both: the line's upstream local address is what the server's proxy sees (Attempt.From).
//
// The error is why there is none, as the observation says too: ErrNoLine where the log is whole and none came.
//
// A sidecar sees the application's address as it is. A gateway does so only where nothing translates it on the way: of
// a connection from a pod to the gateway pod's own address, not of one through a node port.
func (l *Logs) ClientLine(ctx context.Context, proxy mesh.Proxy, after Mark, id string, downstream hop.FiveTuple) (*hop.Observation, string, error) {
	line, raw, err := l.Find(ctx, proxy, after, timeout.LogLine.Duration(), func(line accesslog.Line) bool {
		return line.HopID == id || line.HopID == "" && line.Kind == accesslog.Proxied && downstream.Source.IsValid() &&
			downstream == hop.FiveTuple{Source: line.DownstreamDirectRemoteAddress, Destination: line.DownstreamLocalAddress}
	})
	if err != nil {
		return missing(hop.Client, id, err), "", err
	}
	seen := line.Client(proxy.String())
	seen.ID = id
	return &seen, raw, nil
}

// LedTo waits for the line of a request in its client proxy's log, and returns the cluster that the proxy led it to.
func (l *Logs) LedTo(ctx context.Context, proxy mesh.Proxy, after Mark, id string) (cluster string, err error) {
	line, _, err := l.Find(ctx, proxy, after, timeout.LogLine.Duration(), ByID(id))
	return line.UpstreamCluster, err
}

// Downstream are the connections on which a request came to a proxy, as far as its log tells.
func (l *Logs) Downstream(proxy mesh.Proxy, id string) []hop.FiveTuple {
	var all []hop.FiveTuple
	l.read(proxy, func(h *history) {
		for _, place := range h.byID[id] {
			line := h.at(place).line
			all = append(all, hop.FiveTuple{Source: line.DownstreamDirectRemoteAddress, Destination: line.DownstreamLocalAddress})
		}
	})
	return all
}

// Socket makes the observation of a client without a proxy from what its agent tells of its own socket.
func Socket(by mesh.Proxy, result call.Result) *hop.Observation {
	seen := &hop.Observation{Source: hop.Client, By: by.String(), ID: result.ID, At: result.At, Conn: hop.FiveTuple{Source: result.Local, Destination: result.Remote}}
	seen.Symptom = hop.Symptom{Status: result.Status, Code: result.Code, Error: result.Error}
	switch {
	case result.Answered() && result.TLS != nil:
		seen.Says, seen.TLS = hop.AppTLS, OwnTLS(result.TLS)
	case result.Answered():
		seen.Says = hop.Plaintext
	case result.Local.IsValid():
		seen.Says = hop.Refused
	default:
		seen.Missing = "it did not connect: " + result.Error
	}
	return seen
}

// Sentinel waits until a server proxy's log shows a sentinel that went to the port: the watermark behind which every
// earlier, finished connection has its line. It is known by its id, where it is a request, for every gateway has one port for
// sentinels. It tells whether the sentinel itself was refused for want of a filter chain.
func (l *Logs) Sentinel(ctx context.Context, proxy mesh.Proxy, after Mark, id string, port uint16) (unmatched bool, err error) {
	p := l.of(proxy)
	// A listener logs a connection when it ends, which may be after the next sentinel is sent. Lines are looked at under the lock.
	own := func(line accesslog.Line) bool {
		return line.HopID == id || line.HopID == "" && p.history.connections.otherOn(line) == ""
	}
	line, _, err := l.Find(ctx, proxy, after, timeout.LogLine.Duration(), toPort(port, own))
	if err != nil {
		return false, fmt.Errorf("the sentinel was not logged: %w", err)
	}
	return line.Server(proxy.String()).Refusal == hop.NoFilterChain, nil
}

// Attempt is what is known of a request when its line is looked for at the server: its id, where its connection left
// from by the client's record, and the workload port it went to.
type Attempt struct {
	ID   string
	From netip.AddrPort
	Port uint16
	// Client and SNI stand for From where a client proxy's handshake failed: Envoy then logs whom it connected to
	// (UPSTREAM_HOST) and not where from. Client is the pod's address, SNI the server name that its cluster sets.
	Client netip.Addr
	SNI    string
}

// ServerLine finds the line of an attempt in its server proxy's log: by its id, or for one that never became a
// request, by the address it came from. Behind the watermark, a line that is not there never was; watermark says
// why there is none.
func (l *Logs) ServerLine(proxy mesh.Proxy, after Mark, attempt Attempt, watermark error) (*hop.Observation, accesslog.Line, string) {
	rewritten := l.Rewrites(proxy, attempt)
	var found *entry
	var line accesslog.Line
	var ambiguous error
	l.read(proxy, func(h *history) {
		if found, ambiguous = h.serverLine(after, attempt, rewritten); found != nil {
			found, line = new(*found), h.completed(after, found.line)
		}
	})
	if found != nil {
		seen := line.Server(proxy.String())
		return &seen, line, found.raw
	}
	if ambiguous != nil {
		ambiguous = fmt.Errorf("%s: %w", proxy, ambiguous)
	}
	if lost := errors.Join(ambiguous, watermark, l.Gap(proxy, after)); lost != nil {
		return missing(hop.Server, attempt.ID, lost), accesslog.Line{}, ""
	}
	return &hop.Observation{Source: hop.Server, By: proxy.String(), ID: attempt.ID, Says: hop.Absent}, accesslog.Line{}, ""
}

// serverLine returns the line that says most of an attempt; an error says that several could be the attempt's. A line of a
// connection is the attempt's only where no other request is known to have come on it: one that bears another's id, and the
// listener's line of a connection that brought another's request, is not.
func (h *history) serverLine(after Mark, attempt Attempt, rewritten bool) (*entry, error) {
	if found := h.lastOf(h.byID[attempt.ID], after, ByID(attempt.ID)); found != nil {
		return found, nil
	}
	if attempt.From.IsValid() {
		from := h.byRemote[attempt.From]
		unclaimed := toPort(attempt.Port, ofOrNone(attempt.ID))
		if found := h.lastOf(from, after, func(line accesslog.Line) bool { return line.Kind != accesslog.Listener && unclaimed(line) }); found != nil {
			return found, nil
		}
		if found := h.lastOf(from, after, func(line accesslog.Line) bool { return unclaimed(line) && !h.connections.requested(line) }); found != nil {
			return found, nil
		}
	}
	switch {
	case rewritten:
		return h.only(after, toPort(attempt.Port, fromPod(attempt.From.Addr())))
	case !attempt.From.IsValid() && attempt.Client.IsValid():
		return h.only(after, toPort(attempt.Port, failedFrom(attempt.Client, attempt.SNI)))
	}
	return nil, nil
}

// completed adds to a line what only the listener's line of the same connection shows.
func (h *history) completed(after Mark, line accesslog.Line) accesslog.Line {
	if listener := h.lastOf(h.byRemote[line.DownstreamDirectRemoteAddress], after, listenerOf(line)); listener != nil {
		return line.With(listener.line)
	}
	return line
}

// Behind waits for what the proxy behind a gateway logged of a connection that the gateway made to it from an address, for a
// request that has an id.
func (l *Logs) Behind(ctx context.Context, proxy mesh.Proxy, after Mark, id string, from netip.AddrPort) (*hop.Observation, string) {
	line, raw, err := l.Find(ctx, proxy, after, timeout.LogLine.Duration(), both(byRemote(from), ofOrNone(id)))
	if err != nil {
		return missing(hop.Server, "", err), ""
	}
	seen := line.Server(proxy.String())
	return &seen, raw
}

// Received asks the application in a pod which of the requests it received.
func Received(ctx context.Context, m *mesh.Mesh, pod mesh.Proxy, ids []string) (map[string][]seen.Record, error) {
	var answer control.SeenAnswer
	if err := m.Control(ctx, pod, control.PathSeen, control.SeenRequest{IDs: ids}, &answer); err != nil {
		return nil, err
	}
	records := map[string][]seen.Record{}
	for _, record := range answer.Seen {
		records[record.ID] = append(records[record.ID], record)
	}
	return records, nil
}

// Application makes the application's observation of a request. That it did not receive one is claimed only of a
// request whose client has its answer or its error, and behind the server proxy's watermark. Headers tells that the
// server's proxy would have added its own; without them the application knows that it was reached, and not how.
func Application(pod mesh.Proxy, id string, headers bool, records []seen.Record, failed error) *hop.Observation {
	by := pod.String()
	switch {
	case failed != nil:
		return missing(hop.Application, id, failed)
	case len(records) == 0:
		return &hop.Observation{Source: hop.Application, By: by, ID: id, Says: hop.Absent}
	case len(records) > 1:
		return missing(hop.Application, id, fmt.Errorf("it received the request %d times", len(records)))
	case !headers:
		return &hop.Observation{Source: hop.Application, By: by, ID: id, At: records[0].At, Says: hop.Served}
	}
	outcome, client, err := accesslog.Application(records[0].Headers[seen.XFCC])
	if err != nil {
		return missing(hop.Application, id, err)
	}
	observation := &hop.Observation{Source: hop.Application, By: by, ID: id, At: records[0].At, Says: outcome}
	if client != "" {
		observation.TLS = &hop.TLSFacts{Peer: client}
	}
	return observation
}
