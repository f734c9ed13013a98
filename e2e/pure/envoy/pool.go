package envoy

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Pool keeps the resources that several dumps have in common, so that each is decoded once and held once: the proxies of a
// mesh differ in few. The zero value is empty. Several goroutines may use it.
type Pool struct {
	mu   sync.Mutex
	held map[[sha256.Size]byte]any // by text: a *Dump of one resource, a hostRead, a *routeTable
}

// pooled are the lists whose resources proxies have in common. A warming resource changes another, and a secret is a proxy's own.
var pooled = []string{"dynamic_listeners", activeClusters, "dynamic_endpoint_configs"}

// addPooled adds an element from the pool. It reports whether it could: an element that can be read in part alone is named by
// its place in each dump.
func (d *Dump) addPooled(list, place string, raw json.RawMessage) bool {
	if d.pool == nil || !slices.Contains(pooled, list) {
		return false
	}
	text, updated, single := withoutUpdate(raw)
	if !single {
		return false
	}
	one := d.pool.resource(list, place, text, raw)
	if len(one.Lost) > 0 {
		return false
	}
	d.take(one, updated)
	return true
}

// resource is a dump of one element.
func (p *Pool) resource(list, place string, text, raw []byte) *Dump {
	return held(p, slices.Concat([]byte(list+" "), text), func() *Dump {
		one := newDump(nil)
		one.decodeElement(list, place, raw)
		return one
	})
}

// hostRead is a virtual host, or why it could not be read.
type hostRead struct {
	host *virtualHost
	err  error
}

// virtualHost decodes a virtual host; no pool decodes each.
func (p *Pool) virtualHost(raw []byte) (*virtualHost, error) {
	read := held(p, raw, func() hostRead {
		host := &virtualHost{}
		err := json.Unmarshal(raw, host)
		return hostRead{host, err}
	})
	return read.host, read.err
}

// table is a route table with the same virtual hosts that the pool holds, or this one from now on. Its hosts are of the pool.
func (p *Pool) table(own *routeTable) *routeTable {
	if p == nil {
		return own
	}
	// Addresses name the hosts, which live as long as the pool.
	return held(p, fmt.Appendf(nil, "table %q %t %v %v", own.Name, own.IgnoresPort, own.Mirrors, own.Hosts), func() *routeTable { return own })
}

// held is what was made of a text, by the first who asked for it.
func held[T any](p *Pool, text []byte, made func() T) T {
	if p == nil {
		return made()
	}
	key := sha256.Sum256(text)
	p.mu.Lock()
	one, found := p.held[key].(T)
	p.mu.Unlock()
	if found {
		return one
	}
	one = made()
	p.mu.Lock()
	defer p.mu.Unlock()
	if other, found := p.held[key].(T); found {
		return other
	}
	if p.held == nil {
		p.held = map[[sha256.Size]byte]any{}
	}
	p.held[key] = one
	return one
}

// take adds the element of a pool, with the time at which this proxy had it.
func (d *Dump) take(one *Dump, updated time.Time) {
	d.Warming = append(d.Warming, one.Warming...)
	d.Rejected = append(d.Rejected, one.Rejected...)
	for name, c := range one.clusters {
		c.updated = updated
		d.clusters[name] = c
	}
	for name, l := range one.listeners {
		l.updated = updated
		d.listeners[name] = l
	}
	for name, endpoints := range one.endpoints {
		if known := d.endpoints[name]; known != nil {
			endpoints = slices.Concat(known, endpoints)
		}
		d.endpoints[name] = endpoints
	}
}

// withoutUpdate splits version and time of a resource's last update off its text. single is false where there is no one time.
func withoutUpdate(raw []byte) (text []byte, updated time.Time, single bool) {
	text, at, single := cutMember(raw, "last_updated")
	if !single {
		return nil, updated, false
	}
	if at != "" {
		var err error
		if updated, err = time.Parse(time.RFC3339, at); err != nil {
			return nil, updated, false
		}
	}
	text, _, single = cutMember(text, "version_info")
	return text, updated, single
}

// cutMember cuts the value of a member that is text out of an object's JSON. single is false where several have the name.
func cutMember(raw []byte, name string) (rest []byte, value string, single bool) {
	before, after, found := bytes.Cut(raw, []byte(`"`+name+`"`))
	if !found {
		return raw, "", true
	}
	_, quoted, opened := bytes.Cut(after, []byte(`"`))
	text, rest, closed := bytes.Cut(quoted, []byte(`"`))
	if !opened || !closed || bytes.Contains(rest, []byte(`"`+name+`"`)) {
		return nil, "", false
	}
	return slices.Concat(before, rest), string(text), true
}
