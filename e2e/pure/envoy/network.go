package envoy

import (
	"encoding/json"
	"fmt"
	"slices"
)

const (
	httpConnectionManager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
	tcpProxy              = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
	networkRBAC           = "envoy.extensions.filters.network.rbac.v3.RBAC"
	httpRBAC              = "envoy.extensions.filters.http.rbac.v3.RBAC"
	alpnFilter            = "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig"
)

type anyFilter struct {
	Name  string          `json:"name"`
	Typed json.RawMessage `json:"typed_config"`
}

// weighted names the clusters among which a route or a TCP proxy chooses.
type weighted struct {
	Clusters []struct {
		Name   string `json:"name"`
		Header string `json:"cluster_header"` // the header of a request that names the cluster
		Weight uint32 `json:"weight"`         // of the sum of all
	} `json:"clusters"`
}

// connectionManager is the part of an HttpConnectionManager that decides what becomes of a connection.
type connectionManager struct {
	Routes struct {
		Hosts []struct {
			Routes []struct {
				Route struct {
					Cluster  string   `json:"cluster"`
					Weighted weighted `json:"weighted_clusters"`
				} `json:"route"`
			} `json:"routes"`
		} `json:"virtual_hosts"`
	} `json:"route_config"`
	Filters []anyFilter `json:"http_filters"`
	Options struct {
		MaxRequests uint32 `json:"max_requests_per_connection"`
	} `json:"common_http_protocol_options"`
}

// clusters lists the clusters that the manager's inline routes name. Routes by RDS are in another section.
func (m connectionManager) clusters() []string {
	var names []string
	for _, host := range m.Routes.Hosts {
		for _, r := range host.Routes {
			names = addNames(names, r.Route.Cluster, r.Route.Weighted)
		}
	}
	return names
}

type tcpProxyConfig struct {
	Cluster  string   `json:"cluster"`
	Weighted weighted `json:"weighted_clusters"`
}

func addNames(names []string, one string, more weighted) []string {
	for _, name := range append([]string{one}, namesOf(more)...) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func namesOf(w weighted) []string {
	var names []string
	for _, c := range w.Clusters {
		names = append(names, c.Name)
	}
	return names
}

// typedStruct is the form of a filter that Envoy's core does not know.
type typedStruct struct {
	Value json.RawMessage `json:"value"`
}

// content returns a filter's own fields, taken out of a TypedStruct where it is in one.
func content(raw json.RawMessage) json.RawMessage {
	var wrapped typedStruct
	if err := json.Unmarshal(raw, &wrapped); err == nil && wrapped.Value != nil {
		return wrapped.Value
	}
	return raw
}

// readFilters tells what a chain does with a connection once it has taken it.
func (s *ServerFacts) readFilters(place string, filters []anyFilter, chain *ChainFacts) {
	for i, filter := range filters {
		kind := typeOf(filter.Typed)
		chain.Filters = append(chain.Filters, Filter{Name: filter.Name, Type: kind})
		var err error
		switch kind {
		case httpConnectionManager:
			err = chain.readManager(filter.Typed)
		case tcpProxy:
			var proxy tcpProxyConfig
			err = json.Unmarshal(filter.Typed, &proxy)
			chain.Upstream = addNames(chain.Upstream, proxy.Cluster, proxy.Weighted)
		case networkRBAC:
			err = chain.addAuthorization("network", filter.Typed)
		}
		if err != nil {
			s.Lost = append(s.Lost, fmt.Sprintf("%s.filters[%d] (%s): %v", place, i, filter.Name, err))
		}
	}
}

func (c *ChainFacts) readManager(raw json.RawMessage) error {
	c.HTTP = true
	var manager connectionManager
	if err := json.Unmarshal(raw, &manager); err != nil {
		return err
	}
	c.Upstream = manager.clusters()
	c.MaxRequests = manager.Options.MaxRequests
	for _, filter := range manager.Filters {
		if typeOf(filter.Typed) != httpRBAC {
			continue
		}
		if err := c.addAuthorization("http", filter.Typed); err != nil {
			return err
		}
	}
	return nil
}
