// Package observe collects what the observers saw: the proxies' access logs, followed from the start of the suite and
// indexed by request id and connection, and what product-service received.
package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/hop"
)

// Logs are the access logs of the world's proxies. It is safe for concurrent use.
type Logs struct {
	kube  *kube.Client
	suite bool // lines of the suite's own format count alone: the mesh may write others

	mu      sync.Mutex
	proxies map[mesh.Proxy]*proxyLog
}

// proxyLog is the log of one proxy, as far as it was read.
type proxyLog struct {
	proxy mesh.Proxy
	suite bool

	mu          sync.Mutex
	history     *history
	interrupted error         // why nothing is read for now; nil while the stream is open
	ended       error         // why nothing will be read any more
	reopened    Mark          // the place of the damage that is feared where the stream was reopened last
	arrived     chan struct{} // closed and replaced whenever a line arrives or a log ends
}

// NewLogs returns logs that follow nothing yet. Where the mesh is another's, lines of the suite's own format count alone.
func NewLogs(k *kube.Client, others bool) *Logs {
	return &Logs{kube: k, suite: others, proxies: map[mesh.Proxy]*proxyLog{}}
}

// of returns the log of a proxy, which may be empty.
func (l *Logs) of(proxy mesh.Proxy) *proxyLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, found := l.proxies[proxy]
	if !found {
		known = &proxyLog{proxy: proxy, suite: l.suite, history: newHistory(), arrived: make(chan struct{})}
		l.proxies[proxy] = known
	}
	return known
}

// lookBack is how much of a log from before is read. What conntrack remembers decides whether it rewrites a port (Rewrites).
const lookBack = rewriteWindow

// Follow reads a proxy's log, from a little before now, until the context ends or the pod is deleted; it returns once the
// log is open. A stream that ends is opened again. Where lines may be missing by that, Gap says so.
func (l *Logs) Follow(ctx context.Context, proxy mesh.Proxy) error {
	opened := make(chan struct{})
	failed := make(chan error, 1)
	log := l.of(proxy)
	go func() {
		err := l.kube.FollowLog(ctx, proxy.Namespace, proxy.Pod, mesh.ProxyContainer, lookBack, func() { close(opened) }, l.Reader(proxy))
		if ctx.Err() == nil {
			log.end(err)
		}
		failed <- err
	}()
	select {
	case <-opened:
		return nil
	case err := <-failed:
		return err
	case <-time.After(timeout.LogOpen.Duration()):
		return fmt.Errorf("the log of %s did not open within %s", proxy, timeout.LogOpen)
	}
}

// ownLine stands in lines of the formats of fixtures/existing.
var ownLine = []byte(`"suite":"mtls-conformance"`)

// Line adds a line to the log, if it is an access log line.
func (p *proxyLog) Line(at time.Time, raw []byte) {
	if p.suite && !bytes.Contains(raw, ownLine) {
		return
	}
	line, err := accesslog.Parse(raw)
	if errors.Is(err, accesslog.ErrNotAccessLog) {
		return
	}
	if err != nil {
		err = fmt.Errorf("a line of the log of %s cannot be read: %w", p.proxy, err)
	}
	p.change(func() { p.history.add(entry{at: at, line: line, raw: string(raw), damage: err}) })
}

// Lost adds damage in the place of a line.
func (p *proxyLog) Lost(at time.Time, why error) {
	p.change(func() {
		p.history.add(entry{at: at, damage: fmt.Errorf("a line of the log of %s is lost: %w", p.proxy, why)})
	})
}

// Interrupted says why nothing is read for now.
func (p *proxyLog) Interrupted(why error) {
	p.change(func() { p.interrupted = why })
}

// Reopened adds the damage that is feared until Resumed: the lines of a gap.
func (p *proxyLog) Reopened(from, until time.Time) {
	p.change(func() {
		why := fmt.Errorf("lines of the log of %s between %s and %s may be missing: %w", p.proxy, stamp(from), stamp(until), p.interrupted)
		p.interrupted, p.reopened = nil, p.history.end()
		p.history.add(entry{at: p.history.newest, damage: why})
	})
}

// Resumed says that nothing is missing where the stream was reopened last.
func (p *proxyLog) Resumed() {
	p.change(func() { p.history.mend(p.reopened) })
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return "its beginning"
	}
	return at.UTC().Format("15:04:05.000")
}

func (p *proxyLog) end(err error) { p.change(func() { p.ended = err }) }

// change makes a change and wakes those who wait for one.
func (p *proxyLog) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	close(p.arrived)
	p.arrived = make(chan struct{})
}

// read looks at what is known of a proxy's log, which must not be kept or changed.
func (l *Logs) read(proxy mesh.Proxy, look func(*history)) {
	p := l.of(proxy)
	p.mu.Lock()
	defer p.mu.Unlock()
	look(p.history)
}

// Mark returns the end of a proxy's log as it is now. It is of use for as long as a case may take: older lines are not kept.
func (l *Logs) Mark(proxy mesh.Proxy) (mark Mark) {
	l.read(proxy, func(h *history) { mark = h.end() })
	return mark
}

// ErrNoLine is returned, wrapped, where a log is followed and the line that was waited for did not come.
var ErrNoLine = errors.New("no such line")

// Find waits for a line after the mark that fits, and returns the last such line with its text.
// The error says why there is none: the limit passed, a line could not be read, or the log ended.
func (l *Logs) Find(ctx context.Context, proxy mesh.Proxy, after Mark, limit time.Duration, fits func(accesslog.Line) bool) (accesslog.Line, string, error) {
	late := time.NewTimer(limit)
	defer late.Stop()
	p := l.of(proxy)
	for looked := after; ; {
		found, end, arrived := p.look(looked, fits)
		if found != nil {
			return found.line, found.raw, nil
		}
		looked = end
		select {
		case <-arrived:
		case <-late.C:
			return accesslog.Line{}, "", errors.Join(fmt.Errorf("the log of %s: %w within %s", proxy, ErrNoLine, limit), l.Gap(proxy, after))
		case <-ctx.Done():
			return accesslog.Line{}, "", ctx.Err()
		}
	}
}

// look returns the last line after the mark that fits, where the log ends now, and what is closed when more arrives.
func (p *proxyLog) look(after Mark, fits func(accesslog.Line) bool) (found *entry, end Mark, arrived <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	end = p.history.end()
	if e := p.history.last(after, end, fits); e != nil {
		found = new(*e)
	}
	return found, end, p.arrived
}

// Gap tells why a line after the mark may be missing: one could not be read, lines may be missing where the stream was
// reopened, it is not open for now, or the log ended. It is nil for a whole log.
func (l *Logs) Gap(proxy mesh.Proxy, after Mark) error {
	p := l.of(proxy)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch missing := p.history.gap(after); {
	case missing != nil:
		return missing
	case p.ended != nil:
		return p.ended
	}
	if p.interrupted != nil {
		return fmt.Errorf("the log of %s is not read for now: %w", proxy, p.interrupted)
	}
	return nil
}

// OtherOn returns the id of another request that came to a proxy on the connection of this line; empty for none.
// Envoy's connection ids are unique for the life of a proxy, unlike ports.
func (l *Logs) OtherOn(proxy mesh.Proxy, line accesslog.Line) (id string) {
	l.read(proxy, func(h *history) { id = h.connections.otherOn(line) })
	return id
}

// ByID fits lines of a request.
func ByID(id string) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.HopID == id }
}

// ofOrNone fits lines that are of no request, or of one. A line that bears another's id is evidence of the other.
func ofOrNone(id string) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.HopID == "" || line.HopID == id }
}

// byRemote fits lines of a connection that came from an address.
func byRemote(remote netip.AddrPort) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.DownstreamDirectRemoteAddress == remote }
}

// both fits lines that fit two conditions.
func both(one, two func(accesslog.Line) bool) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return one(line) && two(line) }
}

func missing(source hop.Source, id string, err error) *hop.Observation {
	return &hop.Observation{Source: source, ID: id, Missing: err.Error()}
}

// Reader takes the lines of a proxy's log in the order in which they were written.
func (l *Logs) Reader(proxy mesh.Proxy) kube.LogReader { return l.of(proxy) }
