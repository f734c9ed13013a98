package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/tap"
)

// join gives each check the observations of its attempt: first the client's end, which names the connection, then the
// wire, which names it where the client's proxy cannot, then the server's end.
func (r *round) join(ctx context.Context) error {
	for i := range r.checks {
		r.client(ctx, &r.checks[i])
	}
	if err := r.passedBy(ctx); err != nil {
		return err
	}
	r.wire(ctx)
	for i := range r.checks {
		r.server(ctx, &r.checks[i])
		r.application(&r.checks[i])
		if err := r.renewed(ctx, &r.checks[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) client(ctx context.Context, check *verdict.Check) {
	place := r.Places.Clients[check.From]
	result := r.results[check.ID]
	if why := r.unsent[check.ID]; why != nil {
		r.noAnswer(check, why)
		return
	}
	switch check.ClientKind {
	case hop.Prober:
		seen := traffic.Probed(r.probed[check.ID], place.Proxy, r.probes[check.ID])
		check.Observers.Probe = &seen
	case hop.Plain:
		check.Observers.Client = observe.Socket(place.Proxy, result)
	default:
		if check.Streams {
			check.Observers.Client = r.stream(*check)
			return
		}
		downstream := hop.FiveTuple{Source: result.Local, Destination: result.Remote}
		if slices.Contains(check.Without, hop.Client) {
			return
		}
		seen, raw, err := r.Logs.ClientLine(ctx, place.Proxy, r.marks[place.Proxy], check.ID, downstream)
		r.keep(raw)
		check.Observers.Client = answered(seen, result)
		r.unseen[check.ID] = errors.Is(err, observe.ErrNoLine)
	}
	if check.On != "" {
		check.Observers.Client = r.elsewhere(*check)
	}
}

// noAnswer says of an attempt that its client's agent does not tell what became of it.
func (r *round) noAnswer(check *verdict.Check, why error) {
	seen := &hop.Observation{Source: hop.Client, By: r.Places.Clients[check.From].String(), ID: check.ID, Missing: why.Error()}
	if check.ClientKind == hop.Prober {
		seen.Source = hop.Probe
		check.Observers.Probe = seen
		return
	}
	check.Observers.Client = seen
}

// served tells whether the client has an answer of the server's application.
func (r *round) served(check verdict.Check) bool {
	if check.ClientKind == hop.Prober {
		probe := check.Observers.Probe
		return probe != nil && probe.Missing == "" && probe.Says != hop.Refused
	}
	result, sent := r.results[check.ID]
	return sent && result.Answered()
}

// stream is what the client's application knows of a stream that it keeps: that it went on, or has ended.
func (r *round) stream(check verdict.Check) *hop.Observation {
	told := r.kept[check.ID]
	seen := &hop.Observation{
		Source: hop.Client, By: r.Places.Clients[check.From].String(), ID: check.ID, At: told.LastAt,
		Conn: r.connections[check.On].conn, Says: hop.Served, Symptom: hop.Symptom{Error: told.Error},
	}
	if !told.Ended.IsZero() {
		seen.At, seen.Says, seen.Refusal = told.Ended, hop.Refused, hop.Closed
	}
	return seen
}

// elsewhere tells of a request on a kept connection that went over another to the server that the kept one was closed:
// what became of the other is not asked.
func (r *round) elsewhere(check verdict.Check) *hop.Observation {
	seen, kept := check.Observers.Client, r.connections[check.On].conn
	if seen.Missing != "" || seen.Conn.Source == kept.Source {
		return seen
	}
	return &hop.Observation{
		Source: hop.Client, By: seen.By, ID: seen.ID, At: seen.At, Conn: kept, Says: hop.Refused, Refusal: hop.Closed,
		Symptom: hop.Symptom{Error: fmt.Sprintf("the request left from %s instead: %s", seen.Conn.Source, seen.Says)},
	}
}

// gone tells whether a check's request did not go over the connection that the check is about.
func gone(check verdict.Check) bool {
	seen := check.Observers.Client
	return check.On != "" && seen != nil && seen.Refusal == hop.Closed
}

// answered adds to what a client's proxy saw what its application knows: whether the answer or the end that the proxy
// handed on was product-service's, and whether the bytes that it passed on unread were TLS of the application's own.
func answered(seen *hop.Observation, result call.Result) *hop.Observation {
	switch {
	case seen.Missing != "" || seen.Says == hop.Refused:
	case !result.Answered():
		seen.Says, seen.Symptom.Error = hop.Refused, result.Error
	case result.TLS != nil && (seen.Says == hop.Raw || seen.Says == hop.AppTLS):
		seen.Says, seen.TLS = hop.AppTLS, observe.OwnTLS(result.TLS)
	case seen.Says == hop.Raw:
		seen.Says = hop.Plaintext
	}
	return seen
}

// wire asks the taps for all connections to the servers' ports since the round began, and for the kept ones by name.
func (r *round) wire(ctx context.Context) {
	if r.Taps == nil {
		return
	}
	r.onTheWire(r.Taps.Connections(ctx, r.tapQueries()))
	r.neverCame(ctx)
}

// tapQueries are the connections that the taps are asked for, each once.
func (r *round) tapQueries() []tap.Wanted {
	var wanted []tap.Wanted
	known := map[tap.Wanted]bool{}
	for _, check := range r.checks {
		want := tap.Wanted{Destination: r.destination(check), Since: r.began}
		if check.On != "" {
			want = tap.Wanted{Source: r.connections[check.On].conn.Source, Destination: r.connections[check.On].conn.Destination}
		}
		if !known[want] {
			known[want] = true
			wanted = append(wanted, want)
		}
	}
	return wanted
}

// onTheWire gives each check the connection that its client names, then the others what is left.
func (r *round) onTheWire(wires map[hop.FiveTuple]observe.Wire) {
	taken := map[hop.FiveTuple]bool{}
	for i := range r.checks {
		check := &r.checks[i]
		if conn := r.left(*check); conn.Source.IsValid() {
			if wire, found := wires[conn]; found {
				taken[conn] = true
				r.show(check, wire)
			}
		}
	}
	for i := range r.checks {
		if check := &r.checks[i]; check.Observers.Wire == nil {
			r.only(check, wires, taken)
		}
	}
}

// neverCame asks the taps for connections that their clients name and that were not found: such a one may be known never to
// have come to the server's pod.
func (r *round) neverCame(ctx context.Context) {
	// A connection of the client's pool may be from before the round; none is from before the taps watched.
	for _, since := range []time.Time{{}, r.watched} {
		wanted := r.notFound(since)
		if len(wanted) == 0 {
			return
		}
		r.showNamed(r.Taps.Connections(ctx, wanted))
	}
}

// notFound are the connections that their clients name and that the wire has not shown yet.
func (r *round) notFound(since time.Time) []tap.Wanted {
	var wanted []tap.Wanted
	for _, check := range r.checks {
		if conn := r.left(check); check.On == "" && check.Observers.Wire.Missing != "" && conn.Source.IsValid() {
			wanted = append(wanted, tap.Wanted{Source: conn.Source, Destination: conn.Destination, Since: since})
		}
	}
	return wanted
}

// showNamed gives checks what the wire shows of the connections that were asked for by name.
func (r *round) showNamed(wires map[hop.FiveTuple]observe.Wire) {
	for i := range r.checks {
		check := &r.checks[i]
		if wire, asked := wires[r.left(*check)]; asked && check.Observers.Wire.Missing != "" {
			r.show(check, wire)
		}
	}
}

// only gives a check the one connection from its client's pod to its server's port that is nobody else's: of one whose
// handshake failed the client's proxy logs no address.
func (r *round) only(check *verdict.Check, wires map[hop.FiveTuple]observe.Wire, taken map[hop.FiveTuple]bool) {
	destination := r.destination(*check)
	var found []observe.Wire
	for conn, wire := range wires {
		if conn.Destination != destination || taken[conn] {
			continue
		}
		if conn.Source.Addr() == r.Places.Clients[check.From].Address || !conn.Source.IsValid() {
			found = append(found, wire)
		}
	}
	if len(found) == 1 {
		r.show(check, found[0])
		return
	}
	check.Observers.Wire = &hop.Observation{Source: hop.Wire, ID: check.ID, Missing: fmt.Sprintf("of %d connections of the client's to the server's port none is known to be this attempt's", len(found))}
}

func (r *round) show(check *verdict.Check, wire observe.Wire) {
	seen := wire.Observation
	seen.ID = check.ID
	if why := r.uncontrolled(r.servers[check.ID].Proxy); why != nil {
		check.Observers.Wire = &hop.Observation{Source: hop.Wire, By: seen.By, ID: check.ID, Conn: seen.Conn, Missing: why.Error()}
		return
	}
	switch {
	case check.On != "" && seen.Packets != nil && seen.Packets.Closed:
		seen.Refusal = hop.Closed
	case check.Protocol == hop.Greet && silent(seen.Packets):
		seen.Refusal = hop.ServerFirst
	}
	check.Observers.Wire = &seen
	if len(wire.Slice) > 0 {
		r.evidence.Packets[check.ID] = wire.Slice
	}
}

// silent tells whether neither end of a connection that stood sent a byte: each waited for the other.
func silent(packets *hop.Packets) bool {
	return packets != nil && !packets.Opened.IsZero() && packets.ClientBytes == 0 && packets.ServerBytes == 0
}

// left is the connection by the client's own record.
func (r *round) left(check verdict.Check) hop.FiveTuple {
	if check.On != "" {
		return r.connections[check.On].conn
	}
	for _, end := range []*hop.Observation{check.Observers.Client, check.Observers.Probe} {
		if end != nil && end.Conn.Source.IsValid() {
			return hop.FiveTuple{Source: end.Conn.Source, Destination: r.destination(check)}
		}
	}
	return hop.FiveTuple{}
}

// destination is where the connection arrives, after Service translation.
func (r *round) destination(check verdict.Check) netip.AddrPort {
	_, port, _ := r.World.Port(check.To)
	return netip.AddrPortFrom(r.servers[check.ID].Address, port.Workload)
}

func (r *round) server(ctx context.Context, check *verdict.Check) {
	place := r.servers[check.ID]
	if !place.Proxied || check.Streams || gone(*check) {
		return
	}
	from := r.left(*check).Source
	if wire := check.Observers.Wire; !from.IsValid() && wire != nil {
		from = wire.Conn.Source
	}
	attempt := observe.Attempt{ID: check.ID, From: from, Port: r.destination(*check).Port()}
	seen, line, raw := r.Logs.ServerLine(place.Proxy, r.marks[place.Proxy], attempt, r.watermarks[place.Proxy].missing)
	if r.served(*check) && line.Kind == accesslog.Listener {
		seen = &hop.Observation{Source: hop.Server, By: seen.By, ID: check.ID, Conn: seen.Conn, Missing: "its log has the connection, and nothing of what was served over it"}
	}
	if r.Taps == nil && !from.IsValid() && seen.Says == hop.Absent {
		seen = &hop.Observation{Source: hop.Server, By: seen.By, ID: check.ID, Missing: "nobody names the connection by which its line would be found"}
	}
	check.Observers.Server = noHTTP(seen, check.Observers.Wire)
	check.Rewritten = seen.Conn.Source.IsValid() && seen.Conn.Source != from && r.Logs.Rewrites(place.Proxy, attempt)
	if check.On == "" {
		check.Reused = r.Logs.OtherOn(place.Proxy, line)
	}
	r.keep(raw)
	r.passedOn(ctx, check, line.UpstreamLocalAddress)
}

// passedOn adds to what a gateway saw of a connection that it passed on unread why the proxy behind it refused it. Only
// that proxy knows: it may close before the client has sent all, and the reset then overtakes its alert at the gateway.
func (r *round) passedOn(ctx context.Context, check *verdict.Check, from netip.AddrPort) {
	behind, found := r.behind(attempt{Hop: check.Hop, want: fixture.Expect{Probe: check.Probe}})
	if !found || check.Want != hop.Refused || !from.IsValid() {
		return
	}
	place, err := r.Places.Server(behind.To.Service, "")
	if err != nil || !place.Proxied {
		return
	}
	seen, raw := r.Logs.Behind(ctx, place.Proxy, r.marks[place.Proxy], check.ID, from)
	check.Observers.Server.Refusal = seen.Refusal
	r.keep(raw)
}

// noHTTP names the cause of a protocol error: the server's proxy knows that the bytes were no HTTP, the wire whether they
// were TLS.
func noHTTP(seen, wire *hop.Observation) *hop.Observation {
	if seen.Says != hop.Refused || seen.Refusal != "" || seen.Symptom.Flags != "DPE" || wire == nil {
		return seen
	}
	switch {
	case wire.TLS != nil:
		seen.Refusal = hop.NotTLS
	case wire.Says == hop.Plaintext:
		seen.Refusal = hop.NotHTTP
	}
	return seen
}

func (r *round) application(check *verdict.Check) {
	if check.Relays || check.Streams || gone(*check) {
		return
	}
	pod := r.servers[check.ID].Proxy
	failed := r.unasked[pod]
	records := r.received[pod][check.ID]
	if len(records) == 0 {
		failed = errors.Join(failed, r.watermarks[pod].missing)
	}
	check.Observers.Application = observe.Application(pod, check.ID, r.spoken(*check), records, failed)
}

// spoken tells whether the application is reached by HTTP with the headers that the server's proxy adds.
func (r *round) spoken(check verdict.Check) bool {
	switch check.Protocol {
	case hop.TCP, hop.Greet, hop.TLS:
		return false
	}
	server := check.Config.Server
	return check.As != string(hop.TCP) && (server == nil || server.Naked || check.Config.HTTP)
}

func (r *round) keep(raw string) {
	if raw != "" {
		r.evidence.Lines = append(r.evidence.Lines, raw)
	}
}
