package envoy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"mtls.test/conformance/e2e/hop"
)

// ClientFacts is what a client's proxy does when it opens a connection to one endpoint of a service port.
type ClientFacts struct {
	Cluster  string         `json:"cluster"`
	Endpoint netip.AddrPort `json:"endpoint,omitzero"`
	Updated  time.Time      `json:"updated,omitzero"`
	Warming  bool           `json:"warming,omitempty"` // a newer version of the cluster has arrived and is not in force
	Match    string         `json:"match,omitempty"`   // the transport socket match that the endpoint's labels picked: tlsMode-istio
	Socket   string         `json:"socket"`            // TLSSocket, RawSocket, or the type URL of a socket that is not known
	SNI      string         `json:"sni,omitempty"`
	TLSContext
	Says hop.Outcome `json:"says,omitempty"` // what the client attempts: mtls, tls or plaintext; empty when that could not be read
	Lost []string    `json:"lost,omitempty"` // what could not be read, by its place
}

type cluster struct {
	updated   time.Time
	warming   bool
	endpoints string // the name under which its endpoints are listed
	socket    *anySocket
	matches   []anySocketMatch
	matcher   bool // the cluster picks its socket by a matcher tree, which is not evaluated
}

type anySocketMatch struct {
	Name   string          `json:"name"`
	Match  json.RawMessage `json:"match"`
	Socket *anySocket      `json:"transport_socket"`
}

type dynamicCluster struct {
	Updated time.Time `json:"last_updated"`
	Cluster struct {
		Name string `json:"name"`
		EDS  struct {
			Service string `json:"service_name"`
		} `json:"eds_cluster_config"`
		Socket  *anySocket       `json:"transport_socket"`
		Matches []anySocketMatch `json:"transport_socket_matches"`
		Matcher json.RawMessage  `json:"transport_socket_matcher"`
	} `json:"cluster"`
	Rejected *updateFailure `json:"error_state"`
}

func (d *Dump) addCluster(_ string, in dynamicCluster) {
	name := in.Cluster.Name
	d.noteRejected("cluster "+name, in.Rejected)
	c := cluster{
		updated:   in.Updated,
		endpoints: in.Cluster.EDS.Service,
		socket:    in.Cluster.Socket,
		matches:   in.Cluster.Matches,
		matcher:   in.Cluster.Matcher != nil,
	}
	if c.endpoints == "" {
		c.endpoints = name
	}
	d.clusters[name] = c
}

func (d *Dump) addWarmingCluster(_ string, in dynamicCluster) {
	name := in.Cluster.Name
	d.noteRejected("cluster "+name, in.Rejected)
	d.Warming = append(d.Warming, "cluster "+name)
	if c, found := d.clusters[name]; found {
		c.warming = true
		d.clusters[name] = c
	}
}

// ClusterName is how Istio names the cluster of a service port without a subset.
func ClusterName(host string, port uint16) string { return fmt.Sprintf("outbound|%d||%s", port, host) }

// Endpoints lists the addresses to which the proxy may send requests for a service port.
func (d *Dump) Endpoints(host string, port uint16) []netip.AddrPort {
	var addresses []netip.AddrPort
	for _, one := range d.endpoints[d.clusters[ClusterName(host, port)].endpoints] {
		if one.address.IsValid() {
			addresses = append(addresses, one.address)
		}
	}
	return addresses
}

// Client returns what the proxy does when it opens a connection to an endpoint of a service port: host is the
// service's full name, port the Service's port. An invalid endpoint stands for the only one that there is.
// The error wraps ErrAbsent when the dump lacks the cluster or the endpoint, and lists the endpoints it has.
func (d *Dump) Client(host string, port uint16, to netip.AddrPort) (ClientFacts, error) {
	name := ClusterName(host, port)
	c, found := d.clusters[name]
	if !found {
		return ClientFacts{}, fmt.Errorf("cluster %s: %w", name, ErrAbsent)
	}
	one, err := d.pick(c, to)
	if err != nil {
		return ClientFacts{}, fmt.Errorf("endpoint of cluster %s: %w", name, err)
	}
	facts := ClientFacts{Cluster: name, Endpoint: one.address, Updated: c.updated, Warming: c.warming}
	socket, ok := facts.choose(c, one)
	if ok {
		facts.readSocket(name, socket)
	}
	return facts, nil
}

func (d *Dump) pick(c cluster, to netip.AddrPort) (endpoint, error) {
	all := d.endpoints[c.endpoints]
	if len(all) == 0 {
		return endpoint{}, fmt.Errorf("%w: it has none, or the dump was asked for without include_eds", ErrAbsent)
	}
	if !to.IsValid() && len(all) == 1 {
		return all[0], nil
	}
	var known []netip.AddrPort
	for _, one := range all {
		if one.address == to && to.IsValid() {
			return one, nil
		}
		known = append(known, one.address)
	}
	return endpoint{}, fmt.Errorf("%v: %w: it has %v", to, ErrAbsent, known)
}

// choose returns the socket that Envoy picks: the first match whose labels the endpoint all carries, then the first
// that its locality carries, then the cluster's own socket, then none, which is plaintext. Source: Cluster's
// transport_socket_matches in https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
func (f *ClientFacts) choose(c cluster, one endpoint) (*anySocket, bool) {
	if c.matcher {
		f.Lost = append(f.Lost, f.Cluster+".transport_socket_matcher: it picks the socket and is not evaluated")
		f.Socket = "transport_socket_matcher"
		return nil, false
	}
	for _, labels := range []*structpb.Struct{one.labels, one.locality} {
		for _, m := range c.matches {
			var wanted structpb.Struct
			if m.Match != nil {
				if err := decode(m.Match, &wanted); err != nil {
					f.Lost = append(f.Lost, fmt.Sprintf("%s.transport_socket_matches (%s).match: %v", f.Cluster, m.Name, err))
					f.Socket = "transport_socket_matches"
					return nil, false
				}
			}
			if carries(labels, &wanted) {
				f.Match = m.Name
				return m.Socket, true
			}
		}
	}
	return c.socket, true
}

// carries tells whether labels hold every wanted one with its value; nothing wanted is carried by all.
func carries(labels, wanted *structpb.Struct) bool {
	for key, value := range wanted.GetFields() {
		if !proto.Equal(labels.GetFields()[key], value) {
			return false
		}
	}
	return true
}

func (f *ClientFacts) readSocket(place string, raw *anySocket) {
	kind, known := raw.kind()
	f.Socket = kind
	if !known {
		f.Lost = append(f.Lost, fmt.Sprintf("%s.transport_socket: unknown type %s", place, kind))
		return
	}
	if kind == RawSocket {
		f.Says = hop.Plaintext
		return
	}
	var context tlsv3.UpstreamTlsContext
	if err := decodeTyped(raw.Typed, &context); err != nil {
		f.Socket = upstreamTLS
		f.Lost = append(f.Lost, fmt.Sprintf("%s.transport_socket: %v", place, err))
		return
	}
	f.SNI = context.GetSni()
	f.TLSContext = readTLS(context.GetCommonTlsContext())
	f.Says = hop.OneWayTLS
	if f.CertificateSecret != "" {
		f.Says = hop.MTLS
	}
}
