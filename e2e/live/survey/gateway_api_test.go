package survey

import (
	"context"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/kube/kubetest"
)

func TestItIsSaidWhyNoIstiodReadsTheGatewayAPI(t *testing.T) {
	const own, others = `{"spec": {"controllerName": "istio.io/gateway-controller"}}`, `{"spec": {"controllerName": "example.com/controller"}}`
	classes := func(all ...string) map[string][]string { return map[string][]string{"gatewayclasses": all} }
	for name, row := range map[string]struct {
		has  cluster
		says string // part of the reason; empty for none
	}{
		"istiod has a class":       {cluster{items: classes(others, own)}, ""},
		"all classes are others'":  {cluster{items: classes(others)}, "no GatewayClass is istiod's"},
		"no class":                 {cluster{}, "no GatewayClass is istiod's"},
		"a kind is not there":      {cluster{items: classes(own), forbidden: []string{"backendtlspolicies"}, unserved: []string{"backendtlspolicies"}}, "does not have backendtlspolicies"},
		"a kind may not be listed": {cluster{items: classes(own), forbidden: []string{"grpcroutes"}}, "may not list /apis/gateway.networking.k8s.io/v1/grpcroutes"},
		"the classes may not be":   {cluster{items: classes(own), forbidden: []string{"gatewayclasses"}}, "may not list /apis/gateway.networking.k8s.io/v1/gatewayclasses"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := kube.Connect(kube.Target{Kubeconfig: kubetest.Kubeconfig(t, row.has)})
			if err != nil {
				t.Fatal(err)
			}
			why, err := lacksGatewayAPI(context.Background(), client)
			if err != nil || (why == "") != (row.says == "") || !strings.Contains(why, row.says) {
				t.Errorf("got %q, %v, want %q", why, err, row.says)
			}
		})
	}
}
