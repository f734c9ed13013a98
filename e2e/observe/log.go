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

	"mtls.test/conformance/e2e/accesslog"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/kube"
	"mtls.test/conformance/e2e/mesh"
)

// Logs are the access logs of the world's proxies. It is safe for concurrent use.
type Logs struct {
	kube  *kube.Client
	suite bool // lines of the suite's own format count alone: the mesh may write others

	mu      sync.Mutex
	entries map[mesh.Proxy][]entry
	ended   map[mesh.Proxy]error
	arrived chan struct{} // closed and replaced whenever a line arrives or a log ends
}

// entry is an access log line, or the damage where one should have been.
type entry struct {
	line   accesslog.Line
	raw    string
	damage error
}

// NewLogs returns logs that follow nothing yet. Where the mesh is another's, lines of the suite's own format count alone.
func NewLogs(k *kube.Client, others bool) *Logs {
	return &Logs{kube: k, suite: others, entries: map[mesh.Proxy][]entry{}, ended: map[mesh.Proxy]error{}, arrived: make(chan struct{})}
}

// lookBack is how much of a log from before is read: conntrack remembers a connection for two minutes after its end,
// and what it remembers decides whether it rewrites a port (Rewrites).
const lookBack = 3 * time.Minute

// openLimit bounds the opening of a log stream.
const openLimit = 10 * time.Second

// Follow reads a proxy's log, from a little before now, until the context ends; it returns once the stream stands.
func (l *Logs) Follow(ctx context.Context, proxy mesh.Proxy) error {
	opened := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		err := l.kube.FollowLog(ctx, proxy.Namespace, proxy.Pod, mesh.ProxyContainer, lookBack, func() { close(opened) }, func(line []byte) { l.add(proxy, line) })
		if ctx.Err() == nil {
			l.end(proxy, err)
		}
		failed <- err
	}()
	select {
	case <-opened:
		return nil
	case err := <-failed:
		return err
	case <-time.After(openLimit):
		return fmt.Errorf("the log of %s did not open within %s", proxy, openLimit)
	}
}

// ownLine stands in lines of the formats of fixtures/existing.
var ownLine = []byte(`"suite":"mtls-conformance"`)

func (l *Logs) add(proxy mesh.Proxy, raw []byte) {
	if l.suite && !bytes.Contains(raw, ownLine) {
		return
	}
	line, err := accesslog.Parse(raw)
	if errors.Is(err, accesslog.ErrNotAccessLog) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("a line of the log of %s cannot be read: %w", proxy, err)
	}
	l.entries[proxy] = append(l.entries[proxy], entry{line: line, raw: string(raw), damage: err})
	l.tell()
}

func (l *Logs) end(proxy mesh.Proxy, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended[proxy] = err
	l.tell()
}

func (l *Logs) tell() {
	close(l.arrived)
	l.arrived = make(chan struct{})
}

// Mark is a place in a proxy's log.
type Mark int

// Mark returns the end of a proxy's log as it is now.
func (l *Logs) Mark(proxy mesh.Proxy) Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Mark(len(l.entries[proxy]))
}

// ErrNoLine is returned, wrapped, where a log is followed and the line that was waited for did not come.
var ErrNoLine = errors.New("no such line")

// Find waits for a line after the mark that fits, and returns the last such line with its text.
// The error says why there is none: the limit passed, a line could not be read, or the log ended.
func (l *Logs) Find(ctx context.Context, proxy mesh.Proxy, after Mark, limit time.Duration, fits func(accesslog.Line) bool) (accesslog.Line, string, error) {
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		found, arrived := l.last(proxy, after, fits)
		if found != nil {
			return found.line, found.raw, nil
		}
		select {
		case <-arrived:
		case <-late.C:
			return accesslog.Line{}, "", errors.Join(fmt.Errorf("the log of %s: %w within %s", proxy, ErrNoLine, limit), l.Gap(proxy, after))
		case <-ctx.Done():
			return accesslog.Line{}, "", ctx.Err()
		}
	}
}

// last returns the last line after the mark that fits, and what is closed when more arrives.
func (l *Logs) last(proxy mesh.Proxy, after Mark, fits func(accesslog.Line) bool) (*entry, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := l.entries[proxy]
	for i := len(entries) - 1; i >= int(after); i-- {
		if entries[i].damage == nil && fits(entries[i].line) {
			return &entries[i], l.arrived
		}
	}
	return nil, l.arrived
}

// Gap tells why a line after the mark may be lost: one could not be read, or the log ended. It is nil for a whole log.
func (l *Logs) Gap(proxy mesh.Proxy, after Mark) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, entry := range l.entries[proxy][after:] {
		if entry.damage != nil {
			return entry.damage
		}
	}
	return l.ended[proxy]
}

// OtherOn returns the id of another request that came to a proxy on the connection of this line; empty for none.
// Envoy's connection ids are unique for the life of a proxy, unlike ports.
func (l *Logs) OtherOn(proxy mesh.Proxy, line accesslog.Line) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, entry := range l.entries[proxy] {
		if entry.line.ConnectionID == line.ConnectionID && entry.line.HopID != line.HopID && entry.line.HopID != "" {
			return entry.line.HopID
		}
	}
	return ""
}

// ByID fits lines of a request.
func ByID(id string) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.HopID == id }
}

// ByRemote fits lines of a connection that came from an address.
func ByRemote(remote netip.AddrPort) func(accesslog.Line) bool {
	return func(line accesslog.Line) bool { return line.DownstreamDirectRemoteAddress == remote }
}

func missing(source hop.Source, id string, err error) *hop.Observation {
	return &hop.Observation{Source: source, ID: id, Missing: err.Error()}
}
