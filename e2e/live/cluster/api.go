package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
)

const pollInterval = 250 * time.Millisecond

// The marker is a ConfigMap in the cluster that holds the id of our state.
const (
	markerNamespace = "kube-system"
	markerName      = "mtls-conformance-owner"
	markerKey       = "id"
)

// api talks to the cluster's API server through the private kubeconfig.
type api struct {
	client *kube.Client
}

func connect(kubeconfig string) (*api, error) {
	client, err := kube.New(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("connecting with %s: %w", kubeconfig, err)
	}
	return &api{client: client}, nil
}

// awaitAnswer waits until the API server calls itself ready.
func (a *api) awaitAnswer(ctx context.Context, limit time.Duration) error {
	last := fmt.Errorf("no answer yet")
	err := wait.For(func(ctx context.Context) (bool, error) {
		last = a.readyz(ctx)
		return last == nil, nil
	}, wait.WithContext(ctx), wait.WithInterval(pollInterval), wait.WithTimeout(limit), wait.WithImmediate())
	if err != nil {
		return fmt.Errorf("its API server is not ready: %w", last)
	}
	return nil
}

func (a *api) readyz(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout.ReadyzCall.Duration())
	defer cancel()
	return a.client.Ready(ctx)
}

func (a *api) mark(ctx context.Context, state State) error {
	marker := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: markerNamespace, Name: markerName},
		Data:       map[string]string{markerKey: state.ID},
	}
	if err := a.client.Create(ctx, marker); err != nil {
		return fmt.Errorf("marking the cluster: %w", err)
	}
	return nil
}

func (a *api) checkMark(ctx context.Context, state State) error {
	var marker corev1.ConfigMap
	if err := a.client.Get(ctx, markerNamespace, markerName, &marker); err != nil {
		return fmt.Errorf("its marker cannot be read: %w", err)
	}
	if found := marker.Data[markerKey]; found != state.ID {
		return fmt.Errorf("its marker is %s and not %s", found, state.ID)
	}
	return nil
}

// awaitNodes waits until every node has the condition Ready.
func (a *api) awaitNodes(ctx context.Context, limit time.Duration) error {
	waiting := "not listed yet"
	err := wait.For(func(ctx context.Context) (bool, error) {
		nodes, err := a.client.Nodes(ctx)
		if err != nil {
			waiting = err.Error()
			return false, nil
		}
		waiting = unready(nodes)
		return waiting == "", nil
	}, wait.WithContext(ctx), wait.WithInterval(pollInterval), wait.WithTimeout(limit), wait.WithImmediate())
	if err != nil {
		return fmt.Errorf("its nodes are not ready: %s", waiting)
	}
	return nil
}

// unready names the first node that is not ready and why; empty when all are.
func unready(nodes []corev1.Node) string {
	for _, node := range nodes {
		reason := "no condition Ready"
		for _, condition := range node.Status.Conditions {
			if condition.Type != corev1.NodeReady {
				continue
			}
			reason = condition.Message
			if condition.Status == corev1.ConditionTrue {
				reason = ""
			}
		}
		if reason != "" {
			return node.Name + ": " + reason
		}
	}
	return ""
}

// ownAddress is the Service address of the API server itself.
func (a *api) ownAddress(ctx context.Context) (netip.AddrPort, error) {
	var service corev1.Service
	if err := a.client.Get(ctx, metav1.NamespaceDefault, "kubernetes", &service); err != nil {
		return netip.AddrPort{}, fmt.Errorf("reading the API server's Service: %w", err)
	}
	address, err := netip.ParseAddr(service.Spec.ClusterIP)
	if err != nil || len(service.Spec.Ports) == 0 {
		return netip.AddrPort{}, fmt.Errorf("the API server's Service has address %q and %d ports", service.Spec.ClusterIP, len(service.Spec.Ports))
	}
	return netip.AddrPortFrom(address, uint16(service.Spec.Ports[0].Port)), nil
}
