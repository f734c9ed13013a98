package xds

import (
	"fmt"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func namesOfEndpoints(clusters []*anypb.Any) ([]string, error) {
	var names []string
	for _, raw := range clusters {
		var cluster clusterv3.Cluster
		if err := proto.Unmarshal(raw.GetValue(), &cluster); err != nil {
			return nil, fmt.Errorf("a cluster by xDS: %w", err)
		}
		if cluster.GetType() != clusterv3.Cluster_EDS {
			continue
		}
		name := cluster.GetEdsClusterConfig().GetServiceName()
		if name == "" {
			name = cluster.GetName()
		}
		names = append(names, name)
	}
	return names, nil
}

// namesOfRoutes are those that the HTTP connection managers of the listeners get by RDS.
func namesOfRoutes(listeners []*anypb.Any) ([]string, error) {
	var names []string
	for _, raw := range listeners {
		var listener listenerv3.Listener
		if err := proto.Unmarshal(raw.GetValue(), &listener); err != nil {
			return nil, fmt.Errorf("a listener by xDS: %w", err)
		}
		for _, chain := range append(listener.GetFilterChains(), listener.GetDefaultFilterChain()) {
			for _, filter := range chain.GetFilters() {
				var manager hcmv3.HttpConnectionManager
				if !filter.GetTypedConfig().MessageIs(&manager) {
					continue
				}
				if err := filter.GetTypedConfig().UnmarshalTo(&manager); err != nil {
					return nil, fmt.Errorf("listener %s by xDS: filter %s: %w", listener.GetName(), filter.GetName(), err)
				}
				if name := manager.GetRds().GetRouteConfigName(); name != "" && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names, nil
}
