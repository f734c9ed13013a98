package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
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
		if err := send(ctx, client, one); err != nil {
			return err
		}
	}
	applying, sending := errgroup.WithContext(ctx)
	applying.SetLimit(atOnce)
	for _, one := range services(count) {
		applying.Go(func() error { return send(sending, client, one) })
	}
	if err := applying.Wait(); err != nil {
		return err
	}
	deployment := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment"}}
	deployment.SetNamespace(namespace)
	deployment.SetName("scale-server")
	return mesh.RolledOut(ctx, client, deployment)
}

// send applies an object, with its numbers and maps as JSON has them.
func send(ctx context.Context, client *kube.Client, one object) error {
	content, err := json.Marshal(one)
	if err != nil {
		return err
	}
	whole := &unstructured.Unstructured{}
	if err := whole.UnmarshalJSON(content); err != nil {
		return err
	}
	return client.Apply(ctx, whole)
}

func server(image string) object {
	labels := object{"app": "scale-server"}
	return object{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named("scale-server"),
		"spec": object{
			"replicas": 1, "selector": object{"matchLabels": labels},
			"template": object{
				"metadata": object{"labels": labels},
				"spec": object{"containers": []object{{
					"name": "client", "image": image, "imagePullPolicy": corev1.PullIfNotPresent, "args": []string{"client"},
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
		made := &corev1.Namespace{}
		made.Name = namespace
		return client.Delete(cmd.Context(), made)
	}
	return command
}
