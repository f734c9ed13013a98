package restage

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/oracle"
)

// pods are those of the base and of the ingress gateway, by their workloads as NAMESPACE/NAME.
type pods map[string]mesh.Place

func (s *Stage) pods(ctx context.Context) (pods, error) {
	found := pods{}
	for _, namespace := range append(slices.Clone(Namespaces), fixture.RootNamespace) {
		listed, err := s.Kube.Pods(ctx, namespace, "")
		if err != nil {
			return nil, err
		}
		for _, pod := range listed {
			address, err := netip.ParseAddr(pod.Status.PodIP)
			if err != nil {
				return nil, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
			}
			found[workloadOf(pod)] = mesh.Place{Proxy: mesh.Proxy{Namespace: pod.Namespace, Pod: pod.Name}, Address: address, Proxied: mesh.HasProxy(pod)}
		}
	}
	return found, nil
}

// workloadOf is the workload of a pod by its name without what Kubernetes adds to it.
func workloadOf(pod corev1.Pod) string {
	return pod.Namespace + "/" + oracle.ControllerName(pod.Name, pod.Labels)
}

// proxies are those of pods that have one.
func (p pods) proxies() []mesh.Proxy {
	var all []mesh.Proxy
	for _, place := range p {
		if place.Proxied {
			all = append(all, place.Proxy)
		}
	}
	return all
}
