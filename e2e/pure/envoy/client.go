package envoy

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"mtls.test/conformance/e2e/pure/hop"
)

// ClientFacts is what a client's proxy does when it opens a connection to one endpoint of a service port.
type ClientFacts struct {
	Cluster  string         `json:"cluster"`
	Type     string         `json:"type,omitempty"` // how the cluster finds its endpoints: EDS, ORIGINAL_DST, STRICT_DNS
	Endpoint netip.AddrPort `json:"endpoint,omitzero"`
	Name     string         `json:"name,omitempty"`    // of an endpoint that is a host name: name and port; Endpoint is what it resolved to
	Refusal  hop.Refusal    `json:"refusal,omitempty"` // why it opens none: no-cluster or no-endpoint
	Updated  time.Time      `json:"updated,omitzero"`
	Warming  bool           `json:"warming,omitempty"` // a newer version of the cluster has arrived and is not in force
	Match    string         `json:"match,omitempty"`   // the transport socket match that the endpoint's labels picked: tlsMode-istio
	Socket   string         `json:"socket,omitempty"`  // TLSSocket, RawSocket, or the type URL of a socket that is not known
	SNI      string         `json:"sni,omitempty"`
	AutoSNI  bool           `json:"autoSNI,omitempty"` // a request's authority is the server name, where SNI is empty
	AutoSAN  bool           `json:"autoSAN,omitempty"` // the server's certificate must be for a request's authority
	TLSContext
	Upstream    HTTPVersion   `json:"upstream,omitempty"`  // in which version HTTP requests are sent
	BytesOnly   bool          `json:"bytesOnly,omitempty"` // listeners send connections here without reading HTTP
	Override    *ALPNOverride `json:"override,omitempty"`
	MaxRequests uint32        `json:"maxRequests,omitempty"` // on one connection; zero: any number
	Says        hop.Outcome   `json:"says,omitempty"`        // what the client attempts: mtls, tls or plaintext; empty when that could not be read
	Lost        []string      `json:"lost,omitempty"`        // what could not be read, by its place
}

// ClusterName is how Istio names the cluster of a service port without a subset.
func ClusterName(host string, port uint16) string { return SubsetName(host, port, "") }

// SubsetName is how Istio names the cluster of a subset of a service port.
func SubsetName(host string, port uint16, subset string) string {
	return fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)
}

// The clusters of a sidecar for what is in no service. Source: outboundTrafficPolicy in
// https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/
const (
	PassthroughCluster = "PassthroughCluster" // ALLOW_ANY: the connection goes on to the address that it is for, as it is
	BlackHoleCluster   = "BlackHoleCluster"   // REGISTRY_ONLY: it has no endpoint, so that the connection is closed
)

// Endpoints lists the addresses to which the proxy may send requests for a service port.
func (d *Dump) Endpoints(host string, port uint16) []netip.AddrPort {
	var addresses []netip.AddrPort
	for _, one := range d.endpointsOf(d.clusters[ClusterName(host, port)]) {
		if one.address.IsValid() {
			addresses = append(append(addresses, one.address), one.also...)
		}
	}
	return addresses
}

// Client returns what the proxy does when it opens a connection to an endpoint of a service port: host is the
// service's full name, port the Service's port. It is Outbound of the cluster without a subset.
func (d *Dump) Client(host string, port uint16, to netip.AddrPort) (ClientFacts, error) {
	return d.Outbound(ClusterName(host, port), to)
}

// Outbound returns what the proxy does when it opens a connection to an endpoint of a cluster. A cluster or endpoints
// that do not exist are a fact, the Refusal. An invalid endpoint stands for any, where all are treated alike.
// The error wraps ErrAbsent when the cluster has endpoints and that one is not among them, and lists those it has.
func (d *Dump) Outbound(name string, to netip.AddrPort) (ClientFacts, error) {
	c, found := d.clusters[name]
	switch {
	case !found && !d.knows(activeClusters, name):
		return ClientFacts{}, fmt.Errorf("cluster %s: %w: it was not asked for", name, ErrAbsent)
	case !found:
		return ClientFacts{Cluster: name, Refusal: hop.NoCluster}, nil
	}
	facts := ClientFacts{
		Cluster: name, Type: c.kind, Updated: c.updated, Warming: c.warming, MaxRequests: c.options.maxRequests,
		Upstream: c.options.version, AutoSNI: c.options.autoSNI, AutoSAN: c.options.autoSAN, BytesOnly: d.bytesOnly[name],
	}
	facts.Lost = append(facts.Lost, c.lost...)
	candidates, err := d.pick(c, to)
	if err != nil {
		return ClientFacts{}, fmt.Errorf("endpoint of cluster %s: %w", name, err)
	}
	if len(candidates) == 0 {
		facts.Refusal = hop.NoEndpoint
		return facts, nil
	}
	if len(candidates) == 1 {
		facts.Endpoint, facts.Name = candidates[0].address, candidates[0].name
	}
	socket, ok := facts.choose(c, candidates[0])
	for _, other := range candidates[1:] {
		probe := ClientFacts{Cluster: name}
		probe.choose(c, other)
		if probe.Match != facts.Match {
			return ClientFacts{}, fmt.Errorf("endpoint of cluster %s: %w: its endpoints differ in their sockets, so that one must be named", name, ErrAbsent)
		}
	}
	if ok {
		facts.readSocket(d, socket)
	}
	if facts.Socket == TLSSocket && !c.keepsALPN && !facts.BytesOnly {
		facts.Override = d.override
	}
	return facts, nil
}

// Lacks reports whether the proxy has no cluster of a name. A cluster that was not requested does not count as lacking.
func (d *Dump) Lacks(cluster string) bool {
	_, found := d.clusters[cluster]
	return !found && d.knows(activeClusters, cluster)
}

// originalDst is the type of a cluster that sends a connection where it was going, whatever that address.
const originalDst = "ORIGINAL_DST"

// pick returns the endpoints that an address may mean: the endpoint with that address or, if there is none, those that are
// host names, because a Service or a name server may resolve them to any address. Without an address it returns all.
func (d *Dump) pick(c cluster, to netip.AddrPort) ([]endpoint, error) {
	if c.kind == originalDst {
		return []endpoint{{address: to}}, nil
	}
	all := d.endpointsOf(c)
	if !to.IsValid() || len(all) == 0 {
		return all, nil
	}
	var named []endpoint
	var known []netip.AddrPort
	for _, one := range all {
		if one.address == to || slices.Contains(one.also, to) {
			one.address = to
			return []endpoint{one}, nil
		}
		if one.name != "" {
			named = append(named, one)
		}
		known = append(append(known, one.address), one.also...)
	}
	if len(named) == 0 {
		return nil, fmt.Errorf("%v: %w: it has %v", to, ErrAbsent, known)
	}
	return named, nil
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
		for i := range c.matches {
			m := &c.matches[i]
			wanted, err := m.labels()
			if err != nil {
				f.Lost = append(f.Lost, fmt.Sprintf("%s.transport_socket_matches (%s).match: %v", f.Cluster, m.Name, err))
				f.Socket = "transport_socket_matches"
				return nil, false
			}
			if carries(labels, wanted) {
				f.Match = m.Name
				return m.Socket, true
			}
		}
	}
	return c.socket, true
}

// carries reports whether labels hold every wanted one with its value; nothing wanted is carried by all.
func carries(labels, wanted *structpb.Struct) bool {
	for key, value := range wanted.GetFields() {
		if !proto.Equal(labels.GetFields()[key], value) {
			return false
		}
	}
	return true
}

func (f *ClientFacts) readSocket(d *Dump, raw *anySocket) {
	place := f.Cluster
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
	context, err := raw.asUpstream()
	if err != nil {
		f.Socket = upstreamTLS
		f.Lost = append(f.Lost, fmt.Sprintf("%s.transport_socket: %v", place, err))
		return
	}
	f.SNI = context.GetSni()
	f.AutoSNI = f.AutoSNI || context.GetAutoHostSni()
	f.AutoSAN = f.AutoSAN || context.GetAutoSniSanValidation()
	f.TLSContext = d.readTLS(context.GetCommonTlsContext())
	f.Says = hop.OneWayTLS
	if f.CertificateSecret != "" {
		f.Says = hop.MTLS
	}
}
