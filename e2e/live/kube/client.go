// Package kube reaches one cluster: its objects by one controller-runtime client, logs, and HTTP into a pod's loopback over
// port-forward streams, without a local port.
package kube

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"mtls.test/conformance/e2e/live/timeout"
)

// Client is one cluster. It is safe for concurrent use.
type Client struct {
	config    *rest.Config
	objects   client.Client
	clientset *kubernetes.Clientset // for what the objects' client cannot do: logs, exec, leader election, raw paths, the version
	http      *http.Client          // to the API server
	pods      *podDialer
	namespace string
	context   string
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
	raw, err := loaded.RawConfig()
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	config.UserAgent = "mtls-conformance"
	// The API server warns of every EnvoyFilter that it is one; a run has a console of its own to keep readable.
	config.WarningHandler = rest.NoWarnings{}
	toServer, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	clientset, err := kubernetes.NewForConfigAndClient(config, toServer)
	if err != nil {
		return nil, err
	}
	objects, err := newObjects(config, toServer)
	if err != nil {
		return nil, err
	}
	return &Client{config: config, objects: objects, clientset: clientset, http: toServer, pods: newPodDialer(config), namespace: namespace, context: cmp.Or(target.Context, raw.CurrentContext)}, nil
}

// newObjects makes the client of all objects. Its mapper keeps what the API server serves, and asks again for a kind that it
// does not know: a CustomResourceDefinition may be applied later.
func newObjects(config *rest.Config, toServer *http.Client) (client.Client, error) {
	mapper, err := apiutil.NewDynamicRESTMapper(config, &http.Client{Transport: toServer.Transport, Timeout: timeout.Discovery.Duration()})
	if err != nil {
		return nil, err
	}
	return client.New(config, client.Options{HTTPClient: toServer, Scheme: scheme.Scheme, Mapper: mapper})
}

// Namespace is the one that the context names, or default.
func (c *Client) Namespace() string { return c.namespace }

// Context is the name of the kubeconfig's context; empty in a pod that has none.
func (c *Client) Context() string { return c.context }

// Ready returns an error unless the API server reports itself ready
// (https://kubernetes.io/docs/reference/using-api/health-checks/).
func (c *Client) Ready(ctx context.Context) error {
	if err := c.clientset.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err != nil {
		return fmt.Errorf("GET /readyz: %w", err)
	}
	return nil
}

// Pods lists the pods of a selector that are running and not being deleted; an empty namespace is all of them.
func (c *Client) Pods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := c.List(ctx, namespace, selector, &list); err != nil {
		return nil, err
	}
	var running []corev1.Pod
	for _, pod := range list.Items {
		if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil {
			running = append(running, pod)
		}
	}
	return running, nil
}

// Nodes lists the nodes.
func (c *Client) Nodes(ctx context.Context) ([]corev1.Node, error) {
	var list corev1.NodeList
	if err := c.List(ctx, "", "", &list); err != nil {
		return nil, err
	}
	return list.Items, nil
}
