package recorded

import (
	"fmt"
	"strings"
)

// writer writes the resources of proxies. Those that several proxies have are made once.
type writer struct {
	mesh     *Mesh
	patterns *patterns
	made     map[string]string
}

func (w *writer) once(key string, of func() string) string {
	text, found := w.made[key]
	if !found {
		text = of()
		w.made[key] = text
	}
	return text
}

// renamed puts a service in the place of the recorded one.
func (w *writer) renamed(pattern string, of viewedPort) string {
	s := w.mesh.services[of.service]
	return strings.NewReplacer(
		recordedAccount, of.account, recordedHost, w.mesh.host(s), recordedIP, w.mesh.address(of.service),
		recordedService, fmt.Sprintf("%q: %q,", "name", s.name), recordedSpace, fmt.Sprintf("%q: %q", "namespace", w.mesh.teams[s.team].name),
	).Replace(pattern)
}

func (w *writer) cluster(of viewedPort) string {
	return w.once(fmt.Sprint("cluster ", of.service, of.port, of.tls, of.account), func() string {
		return w.renamed(w.patterns.clusters[of.tls][of.port], of)
	})
}

// clusterName is how Istio names the cluster of a service port.
func clusterName(port uint16, host string) string { return fmt.Sprintf("outbound|%d||%s", port, host) }

func (w *writer) endpoints(of viewedPort) string {
	return w.once(fmt.Sprint("endpoints ", of.service, of.port, of.endpoints), func() string {
		s := w.mesh.services[of.service]
		var all []string
		for _, one := range of.endpoints {
			match := ""
			if one.marked {
				match = `"envoy.transport_socket_match": {"tlsMode": "istio"}, `
			}
			all = append(all, fmt.Sprintf(endpointText, one.address, of.port, match, s.name, w.mesh.teams[s.team].name, s.name))
		}
		return fmt.Sprintf(`{"@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", "cluster_name": %q, "endpoints": [{"locality": {}, "lb_endpoints": [%s], "load_balancing_weight": %d}], "policy": {"overprovisioning_factor": 140}}`,
			clusterName(of.port, w.mesh.host(s)), strings.Join(all, ",\n"), len(all))
	})
}

// endpointText is an endpoint of a sidecar's EDS cluster.
const endpointText = `{
 "endpoint": {"address": {"socket_address": {"address": %q, "port_value": %d}}, "health_check_config": {}},
 "health_status": "HEALTHY",
 "metadata": {"filter_metadata": {%s"istio": {"workload": "%s;%s;%s;;Kubernetes"}}},
 "load_balancing_weight": 1
}`

// listener is the outbound listener of a port. The one for HTTP serves all services.
func (w *writer) listener(of viewedPort) string {
	return w.once(fmt.Sprint("listener ", of.service, of.port), func() string {
		routed := strings.Replace(w.patterns.ports[of.port], `"http_filters"`, fmt.Sprintf(`"rds": {"config_source": {"ads": {}, "resource_api_version": "V3"}, "route_config_name": %q}, "http_filters"`, w.table(of)), 1)
		return w.renamed(routed, of)
	})
}

// table names the routes of a port. Source: getListenerMatch and RDS names in pilot/pkg/networking/core/listener.go
func (w *writer) table(of viewedPort) string {
	if of.port == httpPort {
		return fmt.Sprint(httpPort)
	}
	return fmt.Sprintf("%s:%d", w.mesh.host(w.mesh.services[of.service]), of.port)
}

// virtualHost is the part of a route table for one service.
func (w *writer) virtualHost(of viewedPort) string {
	return w.once(fmt.Sprint("host ", of.service, of.port, of.leadsTo), func() string {
		s := w.mesh.services[of.service]
		host := w.mesh.host(s)
		domains := `"*"`
		if of.port == httpPort {
			short := s.name + "." + w.mesh.teams[s.team].name
			domains = fmt.Sprintf("%q, %q, %q, %q", host, short, short+".svc", w.mesh.address(of.service))
		}
		return fmt.Sprintf(`{"name": "%s:%d", "domains": [%s], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": %q, "timeout": "0s"}, "name": "default"}], "include_request_attempt_count": true}`,
			host, of.port, domains, clusterName(of.port, of.leadsTo))
	})
}

// otherHosts is the part of the route table of a port for the requests to no service.
const otherHosts = `{"name": "allow_any", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "PassthroughCluster", "timeout": "0s"}, "name": "allow_any"}], "include_request_attempt_count": true}`

// virtualOutbound takes the connections for which there is no listener.
const virtualOutbound = `{"name": "virtualOutbound", "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15001}}, "use_original_dst": true,
 "filter_chains": [{"filter_chain_match": {"destination_port": 15001}, "filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "BlackHoleCluster"}}], "name": "virtualOutbound-blackhole"}],
 "default_filter_chain": {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "PassthroughCluster"}}], "name": "virtualOutbound-catchall-tcp"}}`
