package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"mtls.test/conformance/e2e/live/xds"
)

func packed(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// oneRoute is a configuration of one route with a match.
func oneRoute(t *testing.T, match *routev3.RouteMatch) *anypb.Any {
	t.Helper()
	return packed(t, &routev3.RouteConfiguration{VirtualHosts: []*routev3.VirtualHost{{Routes: []*routev3.Route{{Match: match}}}}})
}

// shows is a resource as istiod makes it of a marker with a number.
func shows(t *testing.T, kind Kind, number int) *anypb.Any {
	t.Helper()
	inbound := &listenerv3.Listener{Name: "virtualInbound"}
	cluster := func(format string) *anypb.Any {
		return packed(t, &clusterv3.Cluster{Name: fmt.Sprintf(format, number)})
	}
	within := func(format string) *anypb.Any {
		inbound.AccessLog = []*accesslogv3.AccessLog{{ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: packed(t, wrapperspb.String(fmt.Sprintf(format, number)))}}}
		return packed(t, inbound)
	}
	switch kind {
	case "PeerAuthentication":
		for _, port := range []uint32{15006, uint32(number)} {
			inbound.FilterChains = append(inbound.FilterChains, &listenerv3.FilterChain{FilterChainMatch: &listenerv3.FilterChainMatch{DestinationPort: wrapperspb.UInt32(port)}})
		}
		return packed(t, inbound)
	case "AuthorizationPolicy":
		return within("spiffe://authorization-policy-%d")
	case "EnvoyFilter":
		inbound.StatPrefix = fmt.Sprintf("envoy-filter-%d", number)
		return packed(t, inbound)
	case "Telemetry":
		return within(`request.path == "telemetry-%d"`)
	case MeshSettings:
		return within("mtls-conformance-marker-%d\n")
	case "DestinationRule":
		return cluster("outbound|80|destination-rule-%d|marker.marker.svc.cluster.local")
	case "Service":
		return cluster("outbound|%d||marker-port.marker.svc.cluster.local")
	case "ServiceEntry":
		return cluster("outbound|80||service-entry-%d.mtls.test")
	case "Sidecar":
		passes := &tcpproxyv3.TcpProxy{ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: fmt.Sprintf("outbound|80|sidecar-%d|marker.marker.svc.cluster.local", number)}}
		return packed(t, &listenerv3.Listener{Name: "virtualOutbound", FilterChains: []*listenerv3.FilterChain{
			{Filters: []*listenerv3.Filter{{ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(t, passes)}}}},
		}})
	case "Gateway":
		return packed(t, &listenerv3.Listener{Name: fmt.Sprintf("0.0.0.0_%d", number)})
	case "VirtualService":
		return packed(t, &routev3.RouteConfiguration{VirtualHosts: []*routev3.VirtualHost{{Routes: []*routev3.Route{{Name: fmt.Sprintf("virtual-service-%d", number)}}}}})
	case "HTTPRoute":
		return oneRoute(t, &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: fmt.Sprintf("/http-route-%d", number)}})
	case "GRPCRoute":
		return oneRoute(t, &routev3.RouteMatch{Headers: []*routev3.HeaderMatcher{{
			Name: "x-marker",
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
				MatchPattern: &matcherv3.StringMatcher_Exact{Exact: fmt.Sprintf("grpc-route-%d", number)},
			}},
		}}})
	case "BackendTLSPolicy":
		return packed(t, &clusterv3.Cluster{
			Name: "outbound|80||marker-backend-tls-policy.marker.svc.cluster.local",
			TransportSocket: &corev3.TransportSocket{ConfigType: &corev3.TransportSocket_TypedConfig{
				TypedConfig: packed(t, &tlsv3.UpstreamTlsContext{Sni: fmt.Sprintf("backend-tls-policy-%d.mtls.test", number)}),
			}},
		})
	}
	t.Fatalf("no resource shows a marker of %s", kind)
	return nil
}

func answerOf(t *testing.T, kind Kind, push string, resources ...*anypb.Any) xds.Answer {
	t.Helper()
	return xds.Answer{Type: markers[kind].in, Nonce: nonceOf(push), Resources: resources}
}

func TestAMarkerIsShownSinceThePushThatHadItFirst(t *testing.T) {
	for kind, m := range markers {
		v := newView()
		shown := func(number int) int {
			push, missing, err := v.shown(map[Kind]int{kind: number})
			if err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			if len(missing) > 0 {
				return 0
			}
			return push
		}
		if shown(30005) != 0 {
			t.Errorf("%s is shown by an istiod that said nothing", kind)
		}
		v.take(m.asker, answerOf(t, kind, "7", shows(t, kind, 30005)))
		v.take(m.asker, answerOf(t, kind, "8", shows(t, kind, 30005)))
		if got := shown(30005); got != 7 {
			t.Errorf("%s: shown since push %d, want 7", kind, got)
		}
		if shown(30006) != 0 || shown(30004) != 0 {
			t.Errorf("%s: another number is taken for it", kind)
		}
		v.take(m.asker, answerOf(t, kind, "9", shows(t, kind, 30006)))
		if shown(30005) != 0 || shown(30006) != 9 {
			t.Errorf("%s: after push 9 number 30006 is shown since %d, 30005 since %d", kind, shown(30006), shown(30005))
		}
		v.take(m.asker, answerOf(t, kind, "10"))
		if shown(30006) != 0 {
			t.Errorf("%s is shown still, though it is gone", kind)
		}
	}
}

func TestNoMarkerIsTakenForThatOfAnotherKind(t *testing.T) {
	for kind, m := range markers {
		v := newView()
		v.take(m.asker, answerOf(t, kind, "7", shows(t, kind, 30005)))
		for other := range markers {
			if _, missing, _ := v.shown(map[Kind]int{other: 30005}); other != kind && len(missing) == 0 {
				t.Errorf("the marker of %s is taken for that of %s", kind, other)
			}
		}
	}
}

func TestOfSeveralMarkersTheLastThatIsShownCounts(t *testing.T) {
	v := newView()
	v.take(sidecar, answerOf(t, "PeerAuthentication", "7", shows(t, "PeerAuthentication", 30001)))
	v.take(sidecar, answerOf(t, "VirtualService", "6", shows(t, "VirtualService", 30002)))
	push, missing, err := v.shown(map[Kind]int{"PeerAuthentication": 30001, "VirtualService": 30002})
	if push != 7 || len(missing) > 0 || err != nil {
		t.Errorf("got push %d, without %v, %v", push, missing, err)
	}
	if !v.routesBefore(push, 30002) {
		t.Error("routes by push 6 are taken to follow push 7")
	}
	v.take(sidecar, answerOf(t, "VirtualService", "7", shows(t, "VirtualService", 30003)))
	if v.routesBefore(push, 30003) {
		t.Error("routes by push 7 are taken to be of an earlier one")
	}
	if _, missing, _ = v.shown(map[Kind]int{"PeerAuthentication": 30001, "DestinationRule": 30001}); !slices.Equal(missing, []Kind{"DestinationRule"}) {
		t.Errorf("without %v", missing)
	}
}

func TestAViewIsReadyWhenAllIsAnsweredAndEndsWithItsStreams(t *testing.T) {
	v := newView()
	for who, wanted := range subscriptions {
		for _, s := range wanted {
			if ready, err := v.ready(); ready || err != nil {
				t.Errorf("before %s as %s: %t, %v", s.Type, who, ready, err)
			}
			v.take(who, xds.Answer{Type: s.Type, Nonce: nonceOf("1")})
		}
	}
	if ready, err := v.ready(); !ready || err != nil {
		t.Errorf("got %t, %v", ready, err)
	}
	v.end(errors.New("reset"))
	if _, err := v.ready(); !errors.As(err, new(movedError)) {
		t.Errorf("got %v", err)
	}
	if _, _, err := v.shown(nil); !errors.As(err, new(movedError)) {
		t.Errorf("got %v", err)
	}
}

func TestAListenerThatIsNoneIsNamed(t *testing.T) {
	v := newView()
	v.take(sidecar, answerOf(t, "PeerAuthentication", "7", &anypb.Any{Value: []byte("\xff")}))
	if _, _, err := v.shown(nil); err == nil || errors.As(err, new(movedError)) {
		t.Errorf("got %v", err)
	}
}

// Who settles after istiod was parted from the API server gives it longer than who settles a case's change.
func TestAMarkerIsWaitedForAsLongAsTheLimitOfWhoSettles(t *testing.T) {
	for _, limit := range []time.Duration{3 * time.Second, 75 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, err := new(Mesh).shown(t.Context(), map[string]*view{"istiod": newView()}, []string{"istiod"}, map[Kind]int{"PeerAuthentication": 7}, limit)
			if waited := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || waited != limit {
				t.Errorf("after %s: %v, want an error after %s", waited, err, limit)
			}
		})
	}
}
