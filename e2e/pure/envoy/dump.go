// Package envoy reads from an Envoy admin interface's /config_dump what a proxy is configured to do with a hop:
// which transport socket a client's proxy picks for an endpoint, which filter chain a server's proxy puts a connection
// on, and with which certificates. It takes bytes and knows no network.
//
// A dump is decoded element by element: an element that cannot be read is left out and named; all others are kept.
package envoy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// ErrAbsent is returned, wrapped, when a dump does not hold the listener, cluster, endpoint or secret asked for.
var ErrAbsent = errors.New("not in the configuration dump")

// Dump is the configuration that one proxy had in force when it was asked, reduced to what concerns TLS and where requests go.
// Of the static resources only clusters and endpoints are kept: Istio delivers everything else that decides a hop by xDS
// and SDS.
type Dump struct {
	// Lost names what could not be read, by its place: an element of another shape, a section of an unknown type.
	Lost []string
	// Warming names resources of which a newer version has arrived and is not yet in force: "cluster outbound|80||…".
	Warming []string
	// Rejected names resources whose newest version the proxy refused, with its reason; the older one stays in force.
	Rejected []string

	// Node is the proxy that the configuration belongs to; the zero value where the dump has no bootstrap.
	Node Node

	listeners map[string]listener
	bound     map[netip.AddrPort]*binding // the listeners by their addresses; of several the first by name
	clusters  map[string]cluster
	endpoints map[string][]endpoint
	secrets   map[string]secret
	routes    map[string]*routeTable // by RDS

	pool      *Pool                   // while the dump is read; nil to decode everything
	asked     []Part                  // what was read
	nodeOnly  bool                    // the reading ends with the node
	hosts     map[string]bool         // only their clusters, endpoints and virtual hosts were read; empty means all
	held      map[string]*SecretFacts // the secrets that can be read
	override  *ALPNOverride           // of the listeners that clients' requests pass
	bytesOnly map[string]bool         // clusters to which listeners send bytes without reading HTTP
	passed    map[string]bool         // listeners by name that were passed over, for they lead to none of the hosts
}

func newDump(hosts []string) *Dump {
	wanted := map[string]bool{}
	for _, host := range hosts {
		wanted[host] = true
	}
	return &Dump{
		hosts:     wanted,
		held:      map[string]*SecretFacts{},
		listeners: map[string]listener{},
		clusters:  map[string]cluster{},
		endpoints: map[string][]endpoint{},
		secrets:   map[string]secret{},
		bytesOnly: map[string]bool{},
		routes:    map[string]*routeTable{},
		passed:    map[string]bool{},
	}
}

// Parse reads the answer to /config_dump?include_eds, which holds everything. With hosts it reads only the clusters,
// endpoints and virtual hosts of these hosts, which is many times as fast. It fails only when the bytes are not such an answer or are cut
// short. The error says where.
func Parse(r io.Reader, hosts ...string) (*Dump, error) {
	return (*Pool)(nil).Parse(r, hosts...)
}

// Parse is the function Parse, with resources from the pool and for it.
func (p *Pool) Parse(r io.Reader, hosts ...string) (*Dump, error) {
	d := newDump(hosts)
	d.asked, d.pool = []Part{{}}, p
	if err := d.read(r); err != nil {
		return nil, err
	}
	d.finish()
	d.pool = nil
	return d, nil
}

// finish derives the facts that need several resources together.
func (d *Dump) finish() {
	for name := range d.secrets {
		if facts, err := d.Secret(name); err == nil {
			d.held[name] = &facts
		}
	}
	d.bind()
	d.readOutbound()
}

const adminTypes = "type.googleapis.com/envoy.admin.v3."

// addElement adds an element of one of the lists that hold the resources of a dump's sections.
func (d *Dump) addElement(list, place string, raw json.RawMessage) {
	if !d.addPooled(list, place, raw) {
		d.decodeElement(list, place, raw)
	}
}

func (d *Dump) decodeElement(list, place string, raw json.RawMessage) {
	switch list {
	case "dynamic_listeners":
		decoded(d, d.addListener)(place, raw)
	case "static_clusters", "dynamic_active_clusters":
		decoded(d, d.addCluster)(place, raw)
	case "dynamic_warming_clusters":
		decoded(d, d.addWarmingCluster)(place, raw)
	case routeConfigs:
		d.addRouteTable(place, raw)
	case "static_endpoint_configs", "dynamic_endpoint_configs":
		decoded(d, d.addEndpoints)(place, raw)
	case "dynamic_active_secrets":
		decoded(d, d.addSecret)(place, raw)
	case "dynamic_warming_secrets":
		decoded(d, d.addWarmingSecret)(place, raw)
	}
}

// listOf are the lists to which the elements of a filtered answer belong: it holds them instead of sections.
var listOf = map[string]string{
	"ListenersConfigDump.DynamicListener":       "dynamic_listeners",
	"ClustersConfigDump.DynamicCluster":         "dynamic_active_clusters",
	"ClustersConfigDump.StaticCluster":          "static_clusters",
	"EndpointsConfigDump.DynamicEndpointConfig": "dynamic_endpoint_configs",
	"EndpointsConfigDump.StaticEndpointConfig":  "static_endpoint_configs",
	"RoutesConfigDump.DynamicRouteConfig":       routeConfigs,
	"SecretsConfigDump.DynamicSecret":           "dynamic_active_secrets",
}

// sections are those whose lists are read, as far as they are of use.
var sections = []string{"ListenersConfigDump", "ClustersConfigDump", "EndpointsConfigDump", "SecretsConfigDump", "RoutesConfigDump", "BootstrapConfigDump"}

// skipped decide nothing between TLS and plaintext on an inbound or outbound hop.
var skipped = []string{
	"ScopedRoutesConfigDump", "EcdsConfigDump", "ListenersConfigDump.StaticListener", "SecretsConfigDump.StaticSecret",
	"RoutesConfigDump.StaticRouteConfig", // a copy of what stands in a listener
}

// decoded wraps a function that adds an element, so that the element is decoded first. If that fails, only this element
// is lost.
func decoded[T any](d *Dump, add func(place string, in T)) func(place string, raw json.RawMessage) {
	return func(place string, raw json.RawMessage) {
		var in T
		if err := json.Unmarshal(raw, &in); err != nil {
			d.lose(place, err)
			return
		}
		add(place, in)
	}
}

func (d *Dump) lose(place string, why any) {
	d.Lost = append(d.Lost, fmt.Sprintf("%s: %v", place, why))
}

// updateFailure is the part of envoy.admin.v3.UpdateFailureState that names a refused update.
type updateFailure struct {
	Details string `json:"details"`
}

func (d *Dump) noteRejected(what string, failure *updateFailure) {
	if failure != nil {
		d.Rejected = append(d.Rejected, what+": "+failure.Details)
	}
}
