package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// routeConfigs is the list of the route configurations that Istio delivers by RDS.
const routeConfigs = "dynamic_route_configs"

// routeTable is a RouteConfiguration. Source:
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto
type routeTable struct {
	Name        string         `json:"name"`
	Hosts       []*virtualHost `json:"virtual_hosts"`
	IgnoresPort bool           `json:"ignore_port_in_host_matching"`
	Mirrors     []mirrorPolicy `json:"request_mirror_policies"`

	indexed sync.Once               // at the first use
	exact   map[string]*virtualHost // by whole domain, in lower case; of several the first
	wild    []wildDomain            // in their order
}

// wildDomain is a domain with a wildcard, in lower case.
type wildDomain struct {
	domain string
	host   *virtualHost
}

// virtualHost keeps its routes as they are, for most are never asked for.
type virtualHost struct {
	Name    string            `json:"name"`
	Domains []string          `json:"domains"`
	Routes  []json.RawMessage `json:"routes"`
	Mirrors []mirrorPolicy    `json:"request_mirror_policies"`
	Matcher json.RawMessage   `json:"matcher"` // it picks routes by a matcher tree, which is not evaluated

	read    sync.Once // at the first use
	entries []readRoute
}

// addRouteTable adds the element of a filtered answer.
func (d *Dump) addRouteTable(place string, raw json.RawMessage) {
	// The element has been read as a value, so that its syntax is right.
	if err := d.readRouteTable(place, jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))); err != nil {
		d.lose(place, err)
	}
}

// readRouteTable reads a DynamicRouteConfig, of which only the virtual hosts of the requested hosts are decoded.
func (d *Dump) readRouteTable(place string, in *jsontext.Decoder) error {
	table := &routeTable{}
	var rejected *updateFailure
	err := d.eachMember(place, in, func(key string) error {
		switch key {
		case "route_config":
			return d.readRouteTableBody(place+".route_config", in, table)
		case "error_state":
			return d.readValue(place, in, &rejected)
		default:
			return in.SkipValue()
		}
	})
	d.noteRejected("routes "+table.Name, rejected)
	if table.Name != "" {
		d.routes[table.Name] = d.pool.table(table)
	}
	return err
}

func (d *Dump) readRouteTableBody(place string, in *jsontext.Decoder, table *routeTable) error {
	return d.eachMember(place, in, func(key string) error {
		place := place + "." + key
		switch {
		case key == "name":
			return d.readValue(place, in, &table.Name)
		case key == "ignore_port_in_host_matching":
			return d.readValue(place, in, &table.IgnoresPort)
		case key == "request_mirror_policies":
			return d.readValue(place, in, &table.Mirrors)
		case key == "virtual_hosts" && in.PeekKind() == '[':
			return d.readVirtualHosts(place, in, table)
		default:
			return in.SkipValue()
		}
	})
}

func (d *Dump) readVirtualHosts(place string, in *jsontext.Decoder, table *routeTable) error {
	if err := expect(in, '['); err != nil {
		return err
	}
	for i := 0; in.PeekKind() != ']'; i++ {
		raw, err := in.ReadValue()
		if err != nil {
			return err
		}
		if !d.reads(raw) && !d.servesDomain(raw) {
			continue
		}
		host, err := d.pool.virtualHost(raw)
		if err != nil {
			d.lose(fmt.Sprintf("%s[%d]", place, i), err)
			continue
		}
		table.Hosts = append(table.Hosts, host)
	}
	return expect(in, ']')
}

// servesDomain reports whether a virtual host may take requests for one of the requested hosts: by its name, or by a domain
// with a wildcard. It looks at the text alone, for decoding all virtual hosts of a large mesh takes long.
func (d *Dump) servesDomain(raw []byte) bool {
	_, domains, found := bytes.Cut(raw, []byte(`"domains"`))
	if !found {
		return true
	}
	domains, _, _ = bytes.Cut(domains, []byte("]"))
	for i, domain := range bytes.Split(domains, []byte(`"`)) {
		// Every second piece lies between quotes.
		if i%2 == 0 {
			continue
		}
		name := withoutPort(string(domain))
		if strings.HasPrefix(name, "*") || strings.HasSuffix(name, "*") || d.hosts[name] {
			return true
		}
	}
	return false
}

// withoutPort takes the port off a domain, and the brackets off an IPv6 address.
func withoutPort(domain string) string {
	if end := strings.LastIndexByte(domain, ':'); end > 0 && (strings.Count(domain, ":") == 1 || domain[end-1] == ']') {
		domain = domain[:end]
	}
	return strings.TrimSuffix(strings.TrimPrefix(domain, "["), "]")
}

// eachMember walks an object; a value of another kind is lost.
func (d *Dump) eachMember(place string, in *jsontext.Decoder, value func(key string) error) error {
	if in.PeekKind() != '{' {
		d.lose(place, "it is no object")
		return in.SkipValue()
	}
	if err := expect(in, '{'); err != nil {
		return err
	}
	return eachName(in, value)
}

// readValue decodes the next value; one of another shape is lost.
func (d *Dump) readValue(place string, in *jsontext.Decoder, into any) error {
	raw, err := in.ReadValue()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		d.lose(place, err)
	}
	return nil
}

// hostOf returns the virtual host that takes requests for an authority, and nil where none does. Envoy prefers the whole
// name, then the longest "*suffix", then the longest "prefix*", then "*"; a name with its port goes before one without.
// Source: VirtualHost.domains in https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
func (t *routeTable) hostOf(host string, port uint16) *virtualHost {
	t.indexed.Do(t.index)
	name := strings.ToLower(host)
	if address, err := netip.ParseAddr(host); err == nil && address.Is6() {
		name = "[" + name + "]"
	}
	authorities := []string{name}
	if !t.IgnoresPort {
		authorities = []string{fmt.Sprintf("%s:%d", name, port), name}
	}
	for _, authority := range authorities {
		if whole := t.exact[authority]; whole != nil {
			return whole
		}
	}
	var taken *virtualHost
	best := domainRank{}
	for i, authority := range authorities {
		for _, candidate := range t.wild {
			rank, fits := rankOf(candidate.domain, authority)
			rank.withPort = len(authorities) - i
			if fits && rank.above(best) {
				taken, best = candidate.host, rank
			}
		}
	}
	return taken
}

func (t *routeTable) index() {
	t.exact = map[string]*virtualHost{}
	for _, host := range t.Hosts {
		for _, domain := range host.Domains {
			domain = strings.ToLower(domain)
			switch {
			case strings.HasPrefix(domain, "*"), strings.HasSuffix(domain, "*"):
				t.wild = append(t.wild, wildDomain{domain, host})
			case t.exact[domain] == nil:
				t.exact[domain] = host
			}
		}
	}
}

// domainRank orders the domains that fit an authority.
type domainRank struct {
	kind     int // "*suffix" 3, "prefix*" 2, "*" 1
	withPort int
	length   int
}

func (r domainRank) above(other domainRank) bool {
	if r.kind != other.kind {
		return r.kind > other.kind
	}
	if r.withPort != other.withPort {
		return r.withPort > other.withPort
	}
	return r.length > other.length
}

// rankOf ranks a domain with a wildcard.
func rankOf(domain, authority string) (domainRank, bool) {
	suffix, ofSuffix := strings.CutPrefix(domain, "*")
	prefix := strings.TrimSuffix(domain, "*")
	switch {
	case domain == "*":
		return domainRank{kind: 1}, true
	case ofSuffix:
		// A wildcard stands for one character at least.
		return domainRank{kind: 3, length: len(domain)}, len(authority) > len(suffix) && strings.HasSuffix(authority, suffix)
	}
	return domainRank{kind: 2, length: len(domain)}, len(authority) > len(prefix) && strings.HasPrefix(authority, prefix)
}
