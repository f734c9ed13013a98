package xds

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

// istiod answers each first request of a type with its resources, and takes acknowledgements.
type istiod struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	resources map[string][]*anypb.Any
	asked     chan *discoveryv3.DiscoveryRequest
}

func (i istiod) StreamAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		if request.GetResponseNonce() != "" {
			continue
		}
		i.asked <- request
		answer := &discoveryv3.DiscoveryResponse{TypeUrl: request.GetTypeUrl(), VersionInfo: "1", Nonce: "n", Resources: i.resources[request.GetTypeUrl()]}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

// fetch reads what is answered as a proxy's dump would be.
func fetch(ctx context.Context, conn grpc.ClientConnInterface, node *corev3.Node) (*envoy.Dump, error) {
	text, err := Read(ctx, conn, node)
	if err != nil {
		return nil, err
	}
	return envoy.Parse(bytes.NewReader(text))
}

func packed(t *testing.T, message proto.Message, text string) *anypb.Any {
	t.Helper()
	if err := protojson.Unmarshal([]byte(text), message); err != nil {
		t.Fatal(err)
	}
	a, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// connect serves an istiod in memory and dials it as a pod.
func connect(t *testing.T, i istiod) *grpc.ClientConn {
	t.Helper()
	memory := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, i)
	go func() { _ = server.Serve(memory) }()
	t.Cleanup(server.Stop)
	conn, err := Dial(func(ctx context.Context, _, address string) (net.Conn, error) {
		if address != "istiod-x.istio-system:15010" {
			t.Errorf("dialled %s", address)
		}
		return memory.DialContext(ctx)
	}, "istiod-x.istio-system")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestWhatIstiodHasForAProxyIsReadLikeItsDump(t *testing.T) {
	cluster := packed(t, &clusterv3.Cluster{}, `{"name": "outbound|80||a", "type": "EDS", "eds_cluster_config": {"service_name": "the endpoints"}}`)
	// A filter of a type that is linked nowhere, as Istio's own are.
	listener := &listenerv3.Listener{}
	raw := packed(t, listener, `{"name": "virtualInbound", "filter_chains": [{"name": "any", "filters": [{"name": "odd"}]}]}`)
	listener.FilterChains[0].Filters[0].ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: &anypb.Any{TypeUrl: "type.googleapis.com/no.such.Filter", Value: []byte("\xff")}}
	if err := raw.MarshalFrom(listener); err != nil {
		t.Fatal(err)
	}
	outbound := &listenerv3.Listener{}
	packedOutbound := packed(t, outbound, `{"name": "0.0.0.0_80", "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}, "filter_chains": [{"filters": [{"name": "http"}]}]}`)
	manager := packed(t, &hcmv3.HttpConnectionManager{}, `{"rds": {"route_config_name": "80"}}`)
	outbound.FilterChains[0].Filters[0].ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: manager}
	if err := packedOutbound.MarshalFrom(outbound); err != nil {
		t.Fatal(err)
	}
	served := istiod{asked: make(chan *discoveryv3.DiscoveryRequest, 4), resources: map[string][]*anypb.Any{
		Clusters:  {cluster},
		endpoints: {packed(t, &endpointv3.ClusterLoadAssignment{}, `{"cluster_name": "the endpoints", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}}}}]}]}`)},
		Listeners: {raw, packedOutbound},
		Routes:    {packed(t, &routev3.RouteConfiguration{}, `{"name": "80", "virtual_hosts": [{"name": "a", "domains": ["a"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "outbound|80||a"}}]}]}`)},
	}}
	dump, err := fetch(t.Context(), connect(t, served), &corev3.Node{Id: "sidecar~10.0.0.1~a.b~b.svc.cluster.local"})
	if err != nil {
		t.Fatal(err)
	}
	if len(dump.Lost) > 0 {
		t.Errorf("lost %q", dump.Lost)
	}
	client, err := dump.Client("a", 80, netip.MustParseAddrPort("10.0.0.2:80"))
	if err != nil || client.Says != hop.Plaintext {
		t.Errorf("client: got %+v, %v", client, err)
	}
	server, err := dump.Server(80)
	if err != nil || !slices.Equal(server.Chains[0].Filters, []envoy.Filter{{Name: "odd", Type: "no.such.Filter"}}) {
		t.Errorf("server: got %+v, %v", server, err)
	}
	routes, err := dump.Routes(envoy.Destination{Host: "a", Port: 80})
	if err != nil || len(routes.Routes) != 1 || routes.Routes[0].Cluster != "outbound|80||a" {
		t.Errorf("routes: got %+v, %v", routes, err)
	}
	for _, want := range []string{Clusters, endpoints, Listeners, Routes} {
		request := <-served.asked
		if request.GetTypeUrl() != want || request.GetNode().GetId() != "sidecar~10.0.0.1~a.b~b.svc.cluster.local" {
			t.Errorf("asked %s as %s, want %s", request.GetTypeUrl(), request.GetNode().GetId(), want)
		}
		if names := request.GetResourceNames(); want == endpoints && !slices.Equal(names, []string{"the endpoints"}) {
			t.Errorf("asked for the endpoints of %q", names)
		}
		if names := request.GetResourceNames(); want == Routes && !slices.Equal(names, []string{"80"}) {
			t.Errorf("asked for the routes of %q", names)
		}
	}
}

func TestAnIstiodThatIsNotThereIsNamedByWhatWasAsked(t *testing.T) {
	conn, err := Dial(func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }, "istiod-x.istio-system")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(t.Context(), conn, &corev3.Node{Id: "me"}); err == nil || !strings.Contains(err.Error(), "xDS as me") {
		t.Errorf("got %v", err)
	}
}

func TestTheNodeIsTheOneOfTheBootstrap(t *testing.T) {
	node, err := Node(strings.NewReader(`{"configs": [{"@type": "x"}, {"bootstrap": {"node": {"id": "sidecar~1", "metadata": {"NAMESPACE": "default"}, "extensions": [{"name": "x"}], "future": 1}}}]}`))
	if err != nil || node.GetId() != "sidecar~1" || node.GetMetadata().GetFields()["NAMESPACE"].GetStringValue() != "default" {
		t.Errorf("got %v, %v", node, err)
	}
	for name, text := range map[string]string{"no bootstrap": `{"configs": []}`, "no JSON": `<html>`, "another shape": `{"configs": [{"bootstrap": {"node": 7}}]}`} {
		if _, err := Node(strings.NewReader(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestWhatIsSubscribedToIsTakenAsItIsPushed(t *testing.T) {
	served := istiod{asked: make(chan *discoveryv3.DiscoveryRequest, 2), resources: map[string][]*anypb.Any{
		Clusters: {packed(t, &clusterv3.Cluster{}, `{"name": "a"}`)},
		Routes:   {packed(t, &clusterv3.Cluster{}, `{"name": "b"}`), packed(t, &clusterv3.Cluster{}, `{"name": "c"}`)},
	}}
	ctx, cancel := context.WithCancel(t.Context())
	var got []string
	err := Subscribe(ctx, connect(t, served), &corev3.Node{Id: "me"}, []Subscription{{Type: Clusters}, {Type: Routes, Names: []string{"80"}}}, func(a Answer) {
		if a.Nonce != "n" || len(a.Resources) != len(served.resources[a.Type]) {
			t.Errorf("got %+v", a)
		}
		if got = append(got, a.Type); len(got) == 2 {
			cancel()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "xDS as me") || !slices.Equal(got, []string{Clusters, Routes}) {
		t.Errorf("got %v, %v", got, err)
	}
	<-served.asked
	if second := <-served.asked; !slices.Equal(second.GetResourceNames(), []string{"80"}) || second.GetNode().GetId() != "me" {
		t.Errorf("asked %v", second)
	}
}
