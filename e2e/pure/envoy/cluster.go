package envoy

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
)

type cluster struct {
	updated   time.Time
	warming   bool
	kind      string
	endpoints string     // the name under which its endpoints are listed
	own       []endpoint // those that the cluster holds itself
	socket    *anySocket
	matches   []anySocketMatch
	matcher   bool // the cluster picks its socket by a matcher tree, which is not evaluated
	keepsALPN bool // requests leave the socket's ALPN as it is
	options   httpOptions
	balancing balancing
	lost      []string
}

type anySocketMatch struct {
	Name   string          `json:"name"`
	Match  json.RawMessage `json:"match"`
	Socket *anySocket      `json:"transport_socket"`

	decoded sync.Once // at the first use
	wanted  structpb.Struct
	fault   error
}

// labels are those that an endpoint must carry.
func (m *anySocketMatch) labels() (*structpb.Struct, error) {
	m.decoded.Do(func() {
		if m.Match != nil {
			m.fault = decode(m.Match, &m.wanted)
		}
	})
	return &m.wanted, m.fault
}

type dynamicCluster struct {
	Updated time.Time `json:"last_updated"`
	Cluster struct {
		Name   string `json:"name"`
		Type   string `json:"type"`
		Custom struct {
			Name string `json:"name"`
		} `json:"cluster_type"`
		EDS struct {
			Service string `json:"service_name"`
		} `json:"eds_cluster_config"`
		Policy      string                     `json:"lb_policy"`
		Typed       balancingPolicy            `json:"load_balancing_policy"`
		Balancing   balancingOptions           `json:"common_lb_config"`
		Assignment  *assignment                `json:"load_assignment"`
		Socket      *anySocket                 `json:"transport_socket"`
		Matches     []anySocketMatch           `json:"transport_socket_matches"`
		Matcher     json.RawMessage            `json:"transport_socket_matcher"`
		MaxRequests uint32                     `json:"max_requests_per_connection"`
		Options     map[string]json.RawMessage `json:"typed_extension_protocol_options"`
		Metadata    struct {
			Filters map[string]json.RawMessage `json:"filter_metadata"`
		} `json:"metadata"`
	} `json:"cluster"`
	Rejected *updateFailure `json:"error_state"`
}

func (d *Dump) addCluster(place string, in dynamicCluster) {
	name := in.Cluster.Name
	d.noteRejected("cluster "+name, in.Rejected)
	c := cluster{
		updated:   in.Updated,
		kind:      in.Cluster.Type,
		endpoints: in.Cluster.EDS.Service,
		socket:    in.Cluster.Socket,
		matches:   in.Cluster.Matches,
		matcher:   in.Cluster.Matcher != nil,
		keepsALPN: keepsALPN(in.Cluster.Metadata.Filters["istio"]),
		options:   httpOptions{maxRequests: in.Cluster.MaxRequests},
	}
	c.balancing = balancingOf(in.Cluster.Policy, in.Cluster.Typed, in.Cluster.Balancing)
	if c.kind == "" {
		c.kind = in.Cluster.Custom.Name
	}
	if c.endpoints == "" {
		c.endpoints = name
	}
	if in.Cluster.Assignment != nil {
		c.own = d.readAssignment(fmt.Sprintf("%s (%s).load_assignment", place, name), *in.Cluster.Assignment)
	}
	if raw, found := in.Cluster.Options[httpProtocolOptions]; found {
		if err := c.options.read(raw); err != nil {
			c.lost = append(c.lost, fmt.Sprintf("%s.typed_extension_protocol_options: %v", name, err))
		}
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

// endpointsOf lists a cluster's endpoints as Envoy has resolved them, or else as they are configured.
func (d *Dump) endpointsOf(c cluster) []endpoint {
	if resolved := d.endpoints[c.endpoints]; len(resolved) > 0 {
		return resolved
	}
	return c.own
}

// HTTPVersion is the version in which a proxy sends HTTP requests on.
type HTTPVersion string

// The versions in which requests are sent on; without any of these it is HTTP/1.1.
const (
	HTTP1          HTTPVersion = "http/1.1"
	HTTP2          HTTPVersion = "h2"
	HTTPDownstream HTTPVersion = "downstream" // in the one that they came in
)

const httpProtocolOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

type httpOptions struct {
	version     HTTPVersion
	autoSNI     bool
	autoSAN     bool
	maxRequests uint32
}

// read takes what a cluster's HttpProtocolOptions say. Source:
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/upstreams/http/v3/http_protocol_options.proto
func (o *httpOptions) read(raw json.RawMessage) error {
	var in struct {
		Common struct {
			MaxRequests uint32 `json:"max_requests_per_connection"`
		} `json:"common_http_protocol_options"`
		Upstream struct {
			AutoSNI bool `json:"auto_sni"`
			AutoSAN bool `json:"auto_san_validation"`
		} `json:"upstream_http_protocol_options"`
		Explicit struct {
			HTTP1 json.RawMessage `json:"http_protocol_options"`
			HTTP2 json.RawMessage `json:"http2_protocol_options"`
		} `json:"explicit_http_config"`
		Downstream json.RawMessage `json:"use_downstream_protocol_config"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	o.autoSNI, o.autoSAN = in.Upstream.AutoSNI, in.Upstream.AutoSAN
	if in.Common.MaxRequests > 0 {
		o.maxRequests = in.Common.MaxRequests
	}
	switch {
	case in.Downstream != nil:
		o.version = HTTPDownstream
	case in.Explicit.HTTP2 != nil:
		o.version = HTTP2
	case in.Explicit.HTTP1 != nil:
		o.version = HTTP1
	}
	return nil
}
