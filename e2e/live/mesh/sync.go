package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ResourceType is an xDS resource type by its short name, as Istio's documents use it.
type ResourceType string

// The types whose pushes a policy causes, in the order in which one push sends them (istio/istio pilot/pkg/xds/ads.go
// PushOrder, watchedResourcesByOrder).
const (
	CDS ResourceType = "CDS"
	EDS ResourceType = "EDS"
	LDS ResourceType = "LDS"
	RDS ResourceType = "RDS"
)

var pushOrder = []ResourceType{CDS, EDS, LDS, RDS}

// push is where one resource type stands at one proxy.
type push struct {
	sent, acked string // nonces
	problem     string // why the proxy refused the last push, until it takes one
}

// stream is a proxy's stream to an istiod.
type stream struct {
	istiod string // its pod
	pushes map[ResourceType]push
}

// SyncState is what istiod says it sent to each proxy and what the proxy acknowledged: /debug/syncz.
type SyncState map[string]stream

// nonceTail is the length of the UUID that ends a nonce; what stands before it is TIME/COUNTER of the push
// (istio/istio pilot/pkg/xds/discovery.go, nonce).
const nonceTail = 36

// counter reads the number of the push that a nonce belongs to; 0 for none.
func counter(nonce string) int {
	if len(nonce) <= nonceTail {
		return 0
	}
	version := nonce[:len(nonce)-nonceTail]
	number, err := strconv.Atoi(version[strings.LastIndexByte(version, '/')+1:])
	if err != nil {
		return 0
	}
	return number
}

// syncStatus is one element of /debug/syncz (istio/istio pilot/pkg/xds/debug.go, SyncStatus).
type syncStatus struct {
	Proxy         string `json:"proxy"`
	ClusterSent   string `json:"cluster_sent"`
	ClusterAcked  string `json:"cluster_acked"`
	ListenerSent  string `json:"listener_sent"`
	ListenerAcked string `json:"listener_acked"`
	EndpointSent  string `json:"endpoint_sent"`
	EndpointAcked string `json:"endpoint_acked"`
	RouteSent     string `json:"route_sent"`
	RouteAcked    string `json:"route_acked"`
	Resources     map[string]struct {
		LastError string `json:"lastError"`
	} `json:"resources"`
}

// Sync asks every istiod for the state of the proxies connected to it. Where none runs there is none.
func (m *Mesh) Sync(ctx context.Context) (SyncState, error) {
	pods, err := m.istiods(ctx)
	if err != nil {
		return nil, err
	}
	return m.syncOf(ctx, pods)
}

func (m *Mesh) syncOf(ctx context.Context, istiods []string) (SyncState, error) {
	state := SyncState{}
	for _, pod := range istiods {
		if err := m.addSync(ctx, pod, state); err != nil {
			return nil, fmt.Errorf("syncz of %s: %w", pod, err)
		}
	}
	return state, nil
}

func (m *Mesh) istiods(ctx context.Context) ([]string, error) {
	pods, err := m.kube.Pods(ctx, m.place.Istiod, m.place.IstiodSelector())
	if err != nil {
		return nil, err
	}
	return namesOf(pods), nil
}

func (m *Mesh) syncz(ctx context.Context, istiod string) (io.ReadCloser, error) {
	return m.get(ctx, fmt.Sprintf("http://%s.%s:15014/debug/syncz", istiod, m.place.Istiod))
}

// WriteSync copies istiod's own words, one line per istiod.
func (m *Mesh) WriteSync(ctx context.Context, to io.Writer) error {
	pods, err := m.istiods(ctx)
	for _, pod := range pods {
		body, asked := m.syncz(ctx, pod)
		if asked != nil {
			err = errors.Join(err, asked)
			continue
		}
		_, copied := io.Copy(to, body)
		err = errors.Join(err, copied, body.Close())
	}
	return err
}

func (m *Mesh) addSync(ctx context.Context, istiod string, state SyncState) error {
	body, err := m.syncz(ctx, istiod)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	var proxies []syncStatus
	if err := json.NewDecoder(body).Decode(&proxies); err != nil {
		return err
	}
	for _, proxy := range proxies {
		state[proxy.Proxy] = stream{istiod, map[ResourceType]push{
			CDS: {proxy.ClusterSent, proxy.ClusterAcked, proxy.problem("cluster.v3.Cluster")},
			EDS: {proxy.EndpointSent, proxy.EndpointAcked, proxy.problem("endpoint.v3.ClusterLoadAssignment")},
			LDS: {proxy.ListenerSent, proxy.ListenerAcked, proxy.problem("listener.v3.Listener")},
			RDS: {proxy.RouteSent, proxy.RouteAcked, proxy.problem("route.v3.RouteConfiguration")},
		}}
	}
	return nil
}

func (s syncStatus) problem(suffix string) string {
	return s.Resources["type.googleapis.com/envoy.config."+suffix].LastError
}
