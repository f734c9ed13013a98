package xds

import (
	"context"
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"
)

// The types of resources, by which a stream tells them apart.
const (
	Clusters  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	Listeners = "type.googleapis.com/envoy.config.listener.v3.Listener"
	endpoints = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	Routes    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
)

// Subscription is a type of resources, and the names of those that are wanted; all of the type where there is none.
type Subscription struct {
	Type  string
	Names []string
}

// Answer is all that istiod has of one type for a node.
type Answer struct {
	Type      string
	Nonce     string // begins with the version of the push (istio/istio pilot/pkg/xds/discovery.go nonce)
	Resources []*anypb.Any
}

// Subscribe holds a stream to istiod as a node, acknowledges whatever istiod sends and passes it on. It returns when the
// context is done or the stream ends; the error says which.
func Subscribe(ctx context.Context, conn grpc.ClientConnInterface, node *corev3.Node, wanted []Subscription, take func(Answer)) error {
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(ctx)
	if err != nil {
		return fmt.Errorf("xDS as %s: %w", node.GetId(), err)
	}
	names := map[string][]string{}
	for _, s := range wanted {
		names[s.Type] = s.Names
		if err := stream.Send(&discoveryv3.DiscoveryRequest{Node: node, TypeUrl: s.Type, ResourceNames: s.Names}); err != nil {
			return fmt.Errorf("xDS as %s: ask for %s: %w", node.GetId(), s.Type, err)
		}
	}
	for {
		answer, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("xDS as %s: %w", node.GetId(), err)
		}
		err = stream.Send(&discoveryv3.DiscoveryRequest{
			TypeUrl: answer.GetTypeUrl(), VersionInfo: answer.GetVersionInfo(), ResponseNonce: answer.GetNonce(), ResourceNames: names[answer.GetTypeUrl()],
		})
		if err != nil {
			return fmt.Errorf("xDS as %s: acknowledge %s: %w", node.GetId(), answer.GetTypeUrl(), err)
		}
		take(Answer{Type: answer.GetTypeUrl(), Nonce: answer.GetNonce(), Resources: answer.GetResources()})
	}
}
