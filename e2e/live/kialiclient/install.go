package kialiclient

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
)

// Addon is where a version of Istio has its Kiali addon (istio/istio samples/addons/kiali.yaml).
func Addon(version string) string {
	return "https://raw.githubusercontent.com/istio/istio/" + version + "/samples/addons/kiali.yaml"
}

// Install applies the addon and waits until Kiali is available.
func Install(ctx context.Context, client *kube.Client, from *http.Client, address string) error {
	objects, err := download(ctx, from, address)
	if err != nil {
		return fmt.Errorf("the addon of Kiali %s: %w", address, err)
	}
	if err := client.Apply(ctx, objects...); err != nil {
		return err
	}
	err = wait.For(func(ctx context.Context) (bool, error) { return available(ctx, client) }, wait.WithContext(ctx), wait.WithTimeout(timeout.KialiReady.Duration()), wait.WithInterval(time.Second))
	if err != nil {
		return fmt.Errorf("kiali did not become available: %w (kubectl describe pod -n istio-system -l app=kiali tells why)", err)
	}
	return nil
}

// available tells whether Kiali's Deployment has the condition Available.
func available(ctx context.Context, client *kube.Client) (bool, error) {
	var deployment appsv1.Deployment
	if err := client.Get(ctx, "istio-system", "kiali", &deployment); err != nil {
		return false, err
	}
	return slices.ContainsFunc(deployment.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
		return c.Type == appsv1.DeploymentAvailable && c.Status == corev1.ConditionTrue
	}), nil
}

func download(ctx context.Context, from *http.Client, address string) ([]k8s.Object, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := from.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return decoder.DecodeAll(ctx, bytes.NewReader(content))
}
