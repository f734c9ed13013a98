package restage

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/pure/replay"
)

func object(kind, namespace, name string) replay.Object {
	return replay.Object{"kind": kind, "metadata": map[string]any{"name": name, "namespace": namespace, "labels": map[string]any{}}}
}

func TestARecordingHasTheReportsObjectsAndTheIngressGateways(t *testing.T) {
	added := []k8s.Object{&corev1.ConfigMap{TypeMeta: metav1.TypeMeta{Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "rule"}}}
	namespaces := append([]string{"default"}, Namespaces...)
	for name, test := range map[string]struct {
		object replay.Object
		want   bool
	}{
		"of the base":                 {object("Pod", "shop", "orders"), true},
		"added elsewhere":             {object("ConfigMap", "default", "rule"), true},
		"of the suite's own world":    {object("Service", "default", "product-service"), false},
		"the ingress gateway":         {object("Pod", "istio-system", "istio-ingressgateway-x"), true},
		"istiod":                      {object("Pod", "istio-system", "istiod-x"), false},
		"a namespace of an object":    {object("Namespace", "", "default"), true},
		"a namespace of nothing here": {object("Namespace", "", "clients"), false},
	} {
		if got := concerned(test.object, namespaces, added); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestADumpConcernsTheHostsOfTheReport(t *testing.T) {
	objects := []replay.Object{
		{"kind": "Service", "metadata": map[string]any{"name": "orders", "namespace": "shop"}, "spec": map[string]any{
			"clusterIP": "10.96.0.1", "selector": map[string]any{"app": "orders"}, "ports": []any{map[string]any{"name": "http", "port": 80, "targetPort": 8080}}}},
		{"kind": "Service", "metadata": map[string]any{"name": "istio-ingressgateway", "namespace": "istio-system"}, "spec": map[string]any{
			"selector": map[string]any{"app": "gateway"}, "ports": []any{map[string]any{"name": "status", "port": 15021}}}},
	}
	written, err := replay.Write(objects)
	if err != nil {
		t.Fatal(err)
	}
	of, err := concernsOf(objects, written)
	if err != nil {
		t.Fatal(err)
	}
	if !of.Host("orders.shop.svc.cluster.local") || of.Host("istio-ingressgateway.istio-system.svc.cluster.local") {
		t.Error("hosts")
	}
	if !of.Port(80) || !of.Port(8080) || of.Port(15021) {
		t.Error("ports")
	}
	if !of.Address(netip.MustParseAddr("10.96.0.1")) || of.Address(netip.MustParseAddr("10.96.0.2")) {
		t.Error("addresses")
	}
}

func TestAPodsWorkloadIsItsNameWithoutWhatKubernetesAdds(t *testing.T) {
	for want, pod := range map[string]corev1.Pod{
		"web/cart":  {ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: "cart-5c8d-x", Labels: map[string]string{"pod-template-hash": "5c8d"}}},
		"web/alone": {ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: "alone"}},
	} {
		if got := workloadOf(pod); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
