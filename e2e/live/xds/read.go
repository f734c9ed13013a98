// Package xds asks an istiod what it would configure a given proxy with. The asker need not be that proxy: istiod does
// not authenticate its plaintext port, and answers by the identity that the asker states. So it tells what a control
// plane of other settings sends to a proxy that is connected elsewhere.
package xds

import (
	"context"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"
)

// Read returns the clusters, endpoints, listeners and route configurations that istiod has for a proxy, as JSON of the
// form of that proxy's config_dump. There are no secrets: a proxy gets those from its own agent.
func Read(ctx context.Context, conn grpc.ClientConnInterface, node *corev3.Node) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(ctx)
	if err != nil {
		return nil, fmt.Errorf("xDS as %s: %w", node.GetId(), err)
	}
	s := session{stream: stream, node: node, names: map[string][]string{}}
	clusters, err := s.fetch(Clusters, nil)
	if err != nil {
		return nil, err
	}
	names, err := namesOfEndpoints(clusters)
	if err != nil {
		return nil, err
	}
	assignments, err := s.fetch(endpoints, names)
	if err != nil {
		return nil, err
	}
	listeners, err := s.fetch(Listeners, nil)
	if err != nil {
		return nil, err
	}
	if names, err = namesOfRoutes(listeners); err != nil {
		return nil, err
	}
	// Asked for no name, istiod sends every route configuration, or none.
	var routes []*anypb.Any
	if len(names) > 0 {
		if routes, err = s.fetch(Routes, names); err != nil {
			return nil, err
		}
	}
	return dump(clusters, assignments, listeners, routes)
}

// session is one stream, on which a request of each type is acknowledged once it is answered.
type session struct {
	stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesClient
	node   *corev3.Node
	names  map[string][]string // that were asked for, by type
}

// fetch asks for resources by name, or for all of the type, and waits for the answer.
func (s session) fetch(kind string, names []string) ([]*anypb.Any, error) {
	s.names[kind] = names
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
		acknowledgement := &discoveryv3.DiscoveryRequest{
			TypeUrl: answer.GetTypeUrl(), VersionInfo: answer.GetVersionInfo(), ResponseNonce: answer.GetNonce(), ResourceNames: s.names[answer.GetTypeUrl()],
		}
		if err := s.stream.Send(acknowledgement); err != nil {
			return nil, fmt.Errorf("xDS as %s: acknowledge %s: %w", s.node.GetId(), answer.GetTypeUrl(), err)
		}
		if answer.GetTypeUrl() == kind {
			return answer.GetResources(), nil
		}
	}
}
