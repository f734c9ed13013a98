package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/envoy"
	"mtls.test/conformance/e2e/fixture"
)

// RuleMarker is the rule by which Mark holds a mesh to be settled.
const RuleMarker = "each proxy has in force a DestinationRule that is newer than the change"

// marker is the name of the rule of fixtures/base/marker and of its service, and markerNumber the number in it that is
// raised.
const marker = "marker"

func (m *Mesh) markerHost() string {
	return marker + "." + m.place.In(fixture.MarkerNamespace) + ".svc.cluster.local"
}

var markerNumber = []string{"spec", "trafficPolicy", "connectionPool", "tcp", "maxConnections"}

// Mark raises the marker's number, and waits until every one of the proxies has it in force. istiod keeps the order of
// what it learns of one kind, and sends no later state before an earlier one.
func (m *Mesh) Mark(ctx context.Context, proxies []Proxy, limit time.Duration) error {
	number, err := m.raise(ctx)
	if err != nil {
		return fmt.Errorf("raise the marker: %w", err)
	}
	var mu sync.Mutex
	var waiting sync.WaitGroup
	var failed []error
	for _, proxy := range proxies {
		waiting.Go(func() {
			err := wait.For(func(ctx context.Context) (bool, error) {
				now, err := m.markerOf(ctx, proxy)
				return now >= number, err
			}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(settleInterval), wait.WithImmediate())
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, fmt.Errorf("%s has marker %d not in force after %s: %w", proxy, number, limit, err))
			}
		})
	}
	waiting.Wait()
	return errors.Join(failed...)
}

func (m *Mesh) raise(ctx context.Context) (int64, error) {
	r, err := m.kube.Resources()
	if err != nil {
		return 0, err
	}
	rule := &unstructured.Unstructured{}
	rule.SetAPIVersion("networking.istio.io/v1")
	rule.SetKind("DestinationRule")
	if err := r.Get(ctx, marker, m.place.In(fixture.MarkerNamespace), rule); err != nil {
		return 0, err
	}
	number, _, err := unstructured.NestedInt64(rule.Object, markerNumber...)
	if err != nil {
		return 0, err
	}
	number++
	if err := unstructured.SetNestedField(rule.Object, number, markerNumber...); err != nil {
		return 0, err
	}
	if err := r.Update(ctx, rule); err != nil {
		return 0, err
	}
	m.marked.Store(number)
	return number, nil
}

// markerOf returns the marker's number that a proxy has in force; 0 where it has none.
func (m *Mesh) markerOf(ctx context.Context, proxy Proxy) (int64, error) {
	body, err := m.get(ctx, fmt.Sprintf("http://%s:15000/config_dump?resource=dynamic_active_clusters&name_regex=.*%s", proxy.id(), regexp.QuoteMeta(m.markerHost())))
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	number, err := markerIn(body, envoy.ClusterName(m.markerHost(), 80))
	if err != nil {
		return 0, fmt.Errorf("marker of %s: %w", proxy, err)
	}
	return number, nil
}

// markedCluster is what tells the marker's number.
type markedCluster struct {
	Cluster struct {
		Name            string `json:"name"`
		CircuitBreakers struct {
			Thresholds []struct {
				MaxConnections int64 `json:"max_connections"`
			} `json:"thresholds"`
		} `json:"circuit_breakers"`
	} `json:"cluster"`
}

// markerIn reads the marker's number from a configuration dump, whole or of clusters alone; 0 where it has none.
func markerIn(dump io.Reader, cluster string) (int64, error) {
	var in struct {
		Configs []struct {
			markedCluster
			Clusters []markedCluster `json:"dynamic_active_clusters"`
		} `json:"configs"`
	}
	if err := json.NewDecoder(dump).Decode(&in); err != nil {
		return 0, err
	}
	for _, config := range in.Configs {
		for _, one := range append(config.Clusters, config.markedCluster) {
			if thresholds := one.Cluster.CircuitBreakers.Thresholds; one.Cluster.Name == cluster && len(thresholds) > 0 {
				return thresholds[0].MaxConnections, nil
			}
		}
	}
	return 0, nil
}
