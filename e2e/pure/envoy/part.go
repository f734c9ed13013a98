package envoy

import (
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Part is a part of a proxy's configuration: the resources of one kind that have a name asked for.
// Source: https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--config_dump
type Part struct {
	Resource string   // dynamic_listeners, dynamic_active_clusters …
	Names    []string // regular expressions, each of a whole name; every resource of the kind for none
}

// String names it as in an answer's section.
func (p Part) String() string {
	if p.Resource == "" {
		return "everything"
	}
	return p.Resource
}

// Path is the request for it to the admin interface.
func (p Part) Path() string {
	query := url.Values{"resource": {p.Resource}, "include_eds": {""}}
	if len(p.Names) > 0 {
		query.Set("name_regex", strings.Join(p.Names, "|"))
	}
	return "/config_dump?" + query.Encode()
}

func (p Part) warming() bool { return strings.HasPrefix(p.Resource, "dynamic_warming_") }

// Wanted is what to read from a proxy besides its secrets. Reading everything takes a proxy several times as long.
type Wanted struct {
	Inbound   bool     // a sidecar's inbound listener
	Ports     []uint16 // of listeners that lead to clusters
	Listeners bool     // every listener: a gateway's own are few
	Clusters  []string // by name, with their endpoints
	Services  []string // every cluster of these hosts, of any port and subset, with their endpoints
	Onward    bool     // the clusters to which a gateway passes TLS on by server name
	Outbound  bool     // every cluster of a service port, with their endpoints
	Routes    bool     // what Dump.Routes needs for Ports, or with Listeners everything that leads requests
	Hosts     []string // only their clusters, endpoints and virtual hosts are kept; empty means all
}

// Parts are the requests that together tell it.
func (w Wanted) Parts() []Part {
	parts := []Part{{Resource: "dynamic_active_secrets"}, {Resource: "dynamic_warming_secrets"}}
	var listeners, clusters []string
	if w.Inbound {
		listeners = append(listeners, virtualInbound)
	}
	for _, port := range w.Ports {
		listeners = append(listeners, fmt.Sprintf(".*_%d", port))
	}
	for _, name := range w.Clusters {
		clusters = append(clusters, regexp.QuoteMeta(name))
	}
	for _, host := range w.Services {
		clusters = append(clusters, `outbound\|\d+\|[^|]*\|`+regexp.QuoteMeta(host))
	}
	if w.Onward {
		clusters = append(clusters, `outbound_\..*`)
	}
	if w.Outbound {
		clusters = append(clusters, `outbound\|.*`)
	}
	if w.Routes {
		listeners = append(listeners, virtualOutbound)
		clusters = append(clusters, PassthroughCluster, BlackHoleCluster)
	}
	if w.Listeners {
		listeners = []string{".*"}
	}
	if listeners != nil {
		parts = append(parts, Part{"dynamic_listeners", listeners})
	}
	if clusters != nil {
		parts = append(parts, Part{activeClusters, clusters}, Part{"dynamic_warming_clusters", clusters}, Part{"dynamic_endpoint_configs", clusters})
	}
	if names := w.routeConfigs(); len(names) > 0 {
		parts = append(parts, Part{routeConfigs, names})
	}
	return parts
}

// routeConfigs are the names of the route configurations of the ports: PORT where the listener is for any address, and
// HOST:PORT where it is for a service's. Source: rdsName in istio.io/istio/pilot/pkg/networking/core/listener.go
func (w Wanted) routeConfigs() []string {
	switch {
	case !w.Routes:
		return nil
	case w.Listeners:
		return []string{".*"}
	}
	var names []string
	for _, port := range w.Ports {
		names = append(names, fmt.Sprintf("(.*:)?%d", port))
	}
	return names
}

// covers reports whether a resource of that name would be in an answer.
func (p Part) covers(name string) bool {
	if len(p.Names) == 0 {
		return true
	}
	whole, err := regexp.Compile("^(?:" + strings.Join(p.Names, "|") + ")$")
	return err == nil && whole.MatchString(name)
}

// activeClusters are the clusters in force.
const activeClusters = "dynamic_active_clusters"

// Answer is what a proxy answered to the request for a part; without one, a dump of everything.
type Answer struct {
	Part
	Body io.Reader
}

// Join reads the answers to requests for parts as one dump, which holds only what they contain. With hosts, it keeps only
// the clusters, endpoints and virtual hosts of these hosts.
func Join(answers []Answer, hosts ...string) (*Dump, error) {
	d := newDump(hosts)
	for _, answer := range answers {
		d.asked = append(d.asked, answer.Part)
		if err := d.read(answer.Body); err != nil {
			return nil, fmt.Errorf("%s: %w", answer.Part, err)
		}
	}
	d.finish()
	return d, nil
}

// reading is the part that is being read.
func (d *Dump) reading() Part { return d.asked[len(d.asked)-1] }

// knows reports whether a missing resource of that name does not exist, because it, or everything, was requested.
func (d *Dump) knows(resource, name string) bool {
	if !d.reads([]byte(name)) {
		return false
	}
	return slices.ContainsFunc(d.asked, func(p Part) bool {
		return p.Resource == "" || p.Resource == resource && p.covers(name)
	})
}
