package survey

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/pure/fixture"
)

const (
	gatewayAPIPath = "/apis/" + fixture.GatewayAPI + "/v1"
	// gatewayController is istiod, which makes a class of its own as soon as it reads the Gateway API's kinds
	// (istio/istio pilot/pkg/config/kube/gatewaycommon/gatewayclass.go).
	gatewayController = "istio.io/gateway-controller"
)

// gatewayClass says who is responsible for Gateways of a class (https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclass).
type gatewayClass struct {
	Spec struct {
		ControllerName string `json:"controllerName"`
	} `json:"spec"`
}

// lacksGatewayAPI is why no istiod reads objects of the Gateway API; empty where one does.
func lacksGatewayAPI(ctx context.Context, client *kube.Client) (string, error) {
	for _, resource := range []string{"httproutes", "grpcroutes", "backendtlspolicies"} {
		served := false
		err := client.ListPages(ctx, gatewayAPIPath+"/"+resource, func([]byte) error {
			served = true
			return nil
		})
		if apierrors.IsForbidden(err) {
			return fmt.Sprintf("this account may not list %s/%s", gatewayAPIPath, resource), nil
		}
		if err != nil {
			return "", err
		}
		if !served {
			return fmt.Sprintf("the cluster does not have %s in version v1 of the Gateway API", resource), nil
		}
	}
	return lacksClass(ctx, client)
}

func lacksClass(ctx context.Context, client *kube.Client) (string, error) {
	found := false
	err := client.ListPages(ctx, gatewayAPIPath+"/gatewayclasses", func(content []byte) error {
		var list struct {
			Items []gatewayClass `json:"items"`
		}
		if err := json.Unmarshal(content, &list); err != nil {
			return fmt.Errorf("list of GatewayClasses: %w", err)
		}
		found = found || slices.ContainsFunc(list.Items, func(class gatewayClass) bool { return class.Spec.ControllerName == gatewayController })
		return nil
	})
	switch {
	case apierrors.IsForbidden(err):
		return "this account may not list " + gatewayAPIPath + "/gatewayclasses", nil
	case err == nil && !found:
		return "no GatewayClass is istiod's, so it does not read the Gateway API (PILOT_ENABLE_GATEWAY_API)", nil
	}
	return "", err
}
