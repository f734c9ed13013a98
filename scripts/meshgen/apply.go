package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/kube"
	"mtls.test/conformance/e2e/mesh"
)

// atOnce bounds the objects that are applied at once.
const atOnce = 16

func targetFlags(command *cobra.Command) *kube.Target {
	target := &kube.Target{}
	command.Flags().StringVar(&target.Kubeconfig, "kubeconfig", "", "kubeconfig file to use")
	command.Flags().StringVar(&target.Context, "context", "", "context of the kubeconfig to use")
	return target
}

func newApply() *cobra.Command {
	count, image := 1000, ""
	command := &cobra.Command{Use: "apply", Short: "Make a namespace of many services in a cluster, with one server behind them", Args: cobra.NoArgs}
	target := targetFlags(command)
	command.Flags().IntVar(&count, "services", count, "how many services")
	command.Flags().StringVar(&image, "image", "", "image of the server: the suite's agent")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		client, err := kube.Connect(*target)
		if err != nil {
			return err
		}
		return apply(cmd.Context(), client, count, image)
	}
	return command
}

func apply(ctx context.Context, client *kube.Client, count int, image string) error {
	first := []object{
		{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": namespace, "labels": object{"istio-injection": "enabled"}}},
		server(image),
	}
	for _, one := range first {
		if err := client.Apply(ctx, &unstructured.Unstructured{Object: one}); err != nil {
			return err
		}
	}
	applying, ctx := errgroup.WithContext(ctx)
	applying.SetLimit(atOnce)
	for _, one := range services(count) {
		applying.Go(func() error {
			// As an API server's client sends it: numbers are of JSON.
			whole, err := plain(one)
			if err != nil {
				return err
			}
			return client.Apply(ctx, whole)
		})
	}
	if err := applying.Wait(); err != nil {
		return err
	}
	deployment := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment"}}
	deployment.SetNamespace(namespace)
	deployment.SetName("scale-server")
	return mesh.RolledOut(ctx, client, deployment)
}

func plain(one object) (*unstructured.Unstructured, error) {
	whole := &unstructured.Unstructured{}
	content, err := json.Marshal(one)
	if err != nil {
		return nil, err
	}
	return whole, whole.UnmarshalJSON(content)
}

func server(image string) object {
	return object{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named("scale-server"),
		"spec": map[string]any{
			"replicas": int64(1),
			"selector": map[string]any{"matchLabels": map[string]any{"app": "scale-server"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "scale-server"}},
				"spec": map[string]any{"containers": []any{map[string]any{
					"name": "client", "image": image, "imagePullPolicy": string(corev1.PullIfNotPresent), "args": []any{"client"},
				}}},
			},
		},
	}
}

func newRemove() *cobra.Command {
	command := &cobra.Command{Use: "remove", Short: "Remove what apply made", Args: cobra.NoArgs}
	target := targetFlags(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		client, err := kube.Connect(*target)
		if err != nil {
			return err
		}
		r, err := client.Resources()
		if err != nil {
			return err
		}
		made := &corev1.Namespace{}
		made.Name = namespace
		if err := r.Delete(cmd.Context(), made); err != nil {
			return fmt.Errorf("remove namespace %s: %w", namespace, err)
		}
		return nil
	}
	return command
}
