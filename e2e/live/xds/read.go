// Package xds asks an istiod what it would configure a given proxy with. The asker need not be that proxy: istiod does
// not authenticate its plaintext port, and answers by the identity that the asker states. So it tells what a control
// plane of other settings sends to a proxy that is connected elsewhere.
package xds

import (
	"context"
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// The types of resources, by which a stream tells them apart.
const (
	clusterType  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	endpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	listenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"
)

// Read returns the clusters, endpoints and listeners that istiod has for a proxy, as JSON of the form of that proxy's
// config_dump. There are no secrets: a proxy gets those from its own agent.
func Read(ctx context.Context, conn grpc.ClientConnInterface, node *corev3.Node) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(ctx)
	if err != nil {
		return nil, fmt.Errorf("xDS as %s: %w", node.GetId(), err)
	}
	s := session{stream: stream, node: node}
	clusters, err := s.fetch(clusterType, nil)
	if err != nil {
		return nil, err
	}
	names, err := namesOfEndpoints(clusters)
	if err != nil {
		return nil, err
	}
	endpoints, err := s.fetch(endpointType, names)
	if err != nil {
		return nil, err
	}
	listeners, err := s.fetch(listenerType, nil)
	if err != nil {
		return nil, err
	}
	return dump(clusters, endpoints, listeners)
}

// session is one stream, on which a request of each type is acknowledged once it is answered.
type session struct {
	stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesClient
	node   *corev3.Node
}

// fetch asks for resources by name, or for all of the type, and waits for the answer.
func (s session) fetch(kind string, names []string) ([]*anypb.Any, error) {
	request := &discoveryv3.DiscoveryRequest{Node: s.node, TypeUrl: kind, ResourceNames: names}
	if err := s.stream.Send(request); err != nil {
		return nil, fmt.Errorf("xDS as %s: ask for %s: %w", s.node.GetId(), kind, err)
	}
	for {
		answer, err := s.stream.Recv()
		if err != nil {
			return nil, fmt.Errorf("xDS as %s: wait for %s: %w", s.node.GetId(), kind, err)
		}
		// What has changed since it was answered is pushed again, and acknowledged like the first.
		acknowledgement := &discoveryv3.DiscoveryRequest{TypeUrl: answer.GetTypeUrl(), VersionInfo: answer.GetVersionInfo(), ResponseNonce: answer.GetNonce()}
		if answer.GetTypeUrl() == endpointType {
			acknowledgement.ResourceNames = names
		}
		if err := s.stream.Send(acknowledgement); err != nil {
			return nil, fmt.Errorf("xDS as %s: acknowledge %s: %w", s.node.GetId(), answer.GetTypeUrl(), err)
		}
		if answer.GetTypeUrl() == kind {
			return answer.GetResources(), nil
		}
	}
}

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
