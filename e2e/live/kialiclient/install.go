package kialiclient

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/wait"
	"sigs.k8s.io/e2e-framework/klient/wait/conditions"

	"mtls.test/conformance/e2e/live/kube"
)

// Addon is where a version of Istio has its Kiali addon (istio/istio samples/addons/kiali.yaml).
func Addon(version string) string {
	return "https://raw.githubusercontent.com/istio/istio/" + version + "/samples/addons/kiali.yaml"
}

// readyLimit bounds how long Kiali may take to be pulled and to start.
const readyLimit = 3 * time.Minute

// Install applies the addon and waits until Kiali is available.
func Install(ctx context.Context, client *kube.Client, from *http.Client, address string) error {
	objects, err := download(ctx, from, address)
	if err != nil {
		return fmt.Errorf("the addon of Kiali %s: %w", address, err)
	}
	if err := client.Apply(ctx, objects...); err != nil {
		return err
	}
	r, err := client.Resources()
	if err != nil {
		return err
	}
	deployment := &appsv1.Deployment{}
	deployment.Namespace, deployment.Name = "istio-system", "kiali"
	err = wait.For(conditions.New(r).DeploymentAvailable(deployment.Name, deployment.Namespace), wait.WithContext(ctx), wait.WithTimeout(readyLimit), wait.WithInterval(time.Second))
	if err != nil {
		return fmt.Errorf("kiali did not become available: %w (kubectl describe pod -n istio-system -l app=kiali tells why)", err)
	}
	return nil
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
