package mesh

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
)

// trustDomain is Istio's default, which the suite's own clusters keep.
const trustDomain = "cluster.local"

// ProxyContainer is the container of every Envoy, sidecar and gateway alike.
const ProxyContainer = "istio-proxy"

// Place is the pod in which a client or a service of the world runs.
type Place struct {
	Proxy
	Address  netip.Addr
	Identity hop.Identity // empty for a pod without a proxy: it has none to prove
}

// Places are the pods of the world: clients by name, services by name.
type Places struct {
	Clients  map[string]Place
	Services map[string]Place
}

// Locate finds the one pod of each client and service. More than one is an error: a hop names one of each.
func (m *Mesh) Locate(ctx context.Context, world fixture.World) (Places, error) {
	places := Places{Clients: map[string]Place{}, Services: map[string]Place{}}
	for _, client := range world.Clients {
		place, err := m.locate(ctx, client.Namespace, client.Selector, client.Kind != hop.Plain)
		if err != nil {
			return Places{}, fmt.Errorf("client %s: %w", client.Name, err)
		}
		places.Clients[client.Name] = place
	}
	for _, service := range world.Services {
		place, err := m.locate(ctx, service.Namespace, service.Selector, true)
		if err != nil {
			return Places{}, fmt.Errorf("service %s: %w", service.Name, err)
		}
		places.Services[service.Name] = place
	}
	return places, nil
}

func (m *Mesh) locate(ctx context.Context, namespace, selector string, proxied bool) (Place, error) {
	pods, err := m.kube.Pods(ctx, namespace, selector)
	if err != nil {
		return Place{}, err
	}
	if len(pods) != 1 {
		return Place{}, fmt.Errorf("%d pods %s run in %s, want one (kubectl get pods -n %s)", len(pods), selector, namespace, namespace)
	}
	pod := pods[0]
	if hasProxy(pod) != proxied {
		return Place{}, fmt.Errorf("pod %s/%s: has a proxy: %t, want %t (kubectl get pod -n %s %s -o yaml tells what was injected)", namespace, pod.Name, !proxied, proxied, namespace, pod.Name)
	}
	address, err := netip.ParseAddr(pod.Status.PodIP)
	if err != nil {
		return Place{}, fmt.Errorf("pod %s/%s: %w", namespace, pod.Name, err)
	}
	place := Place{Proxy: Proxy{Namespace: namespace, Pod: pod.Name}, Address: address}
	if proxied {
		// https://istio.io/latest/docs/concepts/security/#istio-identity
		place.Identity = hop.Identity(fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", trustDomain, namespace, pod.Spec.ServiceAccountName))
	}
	return place, nil
}

// hasProxy looks among init containers too: from Kubernetes 1.33 on the sidecar is one that restarts.
func hasProxy(pod corev1.Pod) bool {
	for _, containers := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for _, container := range containers {
			if container.Name == ProxyContainer {
				return true
			}
		}
	}
	return false
}

// Proxies lists the pods that have a proxy.
func (p Places) Proxies() []Proxy {
	var all []Proxy
	for _, places := range []map[string]Place{p.Clients, p.Services} {
		for _, place := range places {
			if place.Identity != "" {
				all = append(all, place.Proxy)
			}
		}
	}
	return all
}
