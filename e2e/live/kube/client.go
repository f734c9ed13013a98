// Package kube reaches one cluster: objects by e2e-framework's klient, logs, and HTTP into a pod's loopback over
// port-forward streams, without a local port.
package kube

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"
)

// Client is one cluster. It is safe for concurrent use.
type Client struct {
	config    *rest.Config
	clientset *kubernetes.Clientset
	http      *http.Client // to the API server
	pods      *podDialer
	namespace string
}

// Target names a cluster as kubectl does: a kubeconfig file and a context of it. What is empty is what kubectl would take.
type Target struct {
	Kubeconfig string
	Context    string
}

// New connects by the kubeconfig file given and by no other.
func New(kubeconfig string) (*Client, error) { return Connect(Target{Kubeconfig: kubeconfig}) }

// Connect connects to a cluster by its name in a kubeconfig.
func Connect(target Target) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = target.Kubeconfig
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: target.Context})
	config, err := loaded.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", strings.Join(rules.GetLoadingPrecedence(), ":"), err)
	}
	namespace, _, err := loaded.Namespace()
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	config.UserAgent = "mtls-conformance"
	// The API server warns of every EnvoyFilter that it is one; a run has a console of its own to keep readable.
	config.WarningHandler = rest.NoWarnings{}
	config.Wrap(remember)
	toServer, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	clientset, err := kubernetes.NewForConfigAndClient(config, toServer)
	if err != nil {
		return nil, err
	}
	return &Client{config: config, clientset: clientset, http: toServer, pods: newPodDialer(config), namespace: namespace}, nil
}

// Namespace is the one that the context names, or default.
func (c *Client) Namespace() string { return c.namespace }

// Resources returns klient's resources, made anew: klient's are not safe to share between goroutines
// (kubernetes-sigs/e2e-framework#589).
func (c *Client) Resources() (*resources.Resources, error) { return resources.New(c.config) }

// Apply applies objects server-side, in order, taking over fields that others own.
func (c *Client) Apply(ctx context.Context, objects ...k8s.Object) error {
	r, err := c.Resources()
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := apply(ctx, r, object); err != nil {
			return fmt.Errorf("apply %s: %w", Name(object), err)
		}
	}
	return nil
}

// Pods lists the pods of a selector that are running and not being deleted.
func (c *Client) Pods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	r, err := c.Resources()
	if err != nil {
		return nil, err
	}
	var list corev1.PodList
	if err := r.WithNamespace(namespace).List(ctx, &list, resources.WithLabelSelector(selector)); err != nil {
		return nil, fmt.Errorf("list pods %s in %s: %w", selector, namespace, err)
	}
	var running []corev1.Pod
	for _, pod := range list.Items {
		if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil {
			running = append(running, pod)
		}
	}
	return running, nil
}

// Nodes lists the nodes by name.
func (c *Client) Nodes(ctx context.Context) ([]string, error) {
	r, err := c.Resources()
	if err != nil {
		return nil, err
	}
	var list corev1.NodeList
	if err := r.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var names []string
	for _, node := range list.Items {
		names = append(names, node.Name)
	}
	return names, nil
}
