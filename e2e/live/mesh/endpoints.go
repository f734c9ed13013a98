package mesh

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/pure/oracle"
)

// endpointsInterval is how often the API server is asked while EndpointSlices follow their pods.
const endpointsInterval = 50 * time.Millisecond

// EndpointsFollow waits until the EndpointSlices that Kubernetes keeps of every Service in the namespaces list the ready pods that it selects, and
// no pod that is on its way out.
func (m *Mesh) EndpointsFollow(ctx context.Context, namespaces []string, limit time.Duration) error {
	var behind []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		behind = nil
		for _, namespace := range namespaces {
			late, err := m.behind(ctx, namespace)
			if err != nil {
				return false, err
			}
			behind = append(behind, late...)
		}
		return len(behind) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(endpointsInterval), wait.WithImmediate())
	if err != nil && len(behind) > 0 {
		return fmt.Errorf("after %s: %s (kubectl get endpointslices -A)", limit, strings.Join(behind, "; "))
	}
	return err
}

// behind lists the Services of a namespace whose EndpointSlices are not up to date.
func (m *Mesh) behind(ctx context.Context, namespace string) ([]string, error) {
	var services corev1.ServiceList
	var pods corev1.PodList
	var endpoints discoveryv1.EndpointSliceList
	for _, list := range []client.ObjectList{&services, &pods, &endpoints} {
		if err := m.kube.List(ctx, namespace, "", list); err != nil {
			return nil, err
		}
	}
	return outdated(services.Items, pods.Items, endpoints.Items), nil
}

// outdated compares, for each Service with a selector, the addresses of the ready pods that it selects with those of the
// EndpointSlices that Kubernetes keeps of it. A slice that was made by hand follows no pod.
func outdated(services []corev1.Service, pods []corev1.Pod, endpoints []discoveryv1.EndpointSlice) []string {
	var late []string
	for _, service := range services {
		if len(service.Spec.Selector) == 0 || service.Spec.PublishNotReadyAddresses {
			continue
		}
		want, got := readyPods(service, pods), readyEndpoints(service, endpoints)
		if !maps.Equal(want, got) {
			late = append(late, fmt.Sprintf("Service %s/%s has endpoints %s, its ready pods are %s",
				service.Namespace, service.Name, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))))
		}
	}
	return late
}

func readyPods(service corev1.Service, pods []corev1.Pod) map[string]bool {
	found := map[string]bool{}
	for _, pod := range pods {
		selected := true
		for key, value := range service.Spec.Selector {
			selected = selected && pod.Labels[key] == value
		}
		if selected && IsReady(pod) && pod.DeletionTimestamp == nil {
			found[pod.Status.PodIP] = true
		}
	}
	return found
}

func readyEndpoints(service corev1.Service, all []discoveryv1.EndpointSlice) map[string]bool {
	found := map[string]bool{}
	for _, slice := range all {
		if slice.Labels[discoveryv1.LabelServiceName] != service.Name || slice.Labels[discoveryv1.LabelManagedBy] != oracle.SliceController {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			// Unset is ready.
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				for _, address := range endpoint.Addresses {
					found[address] = true
				}
			}
		}
	}
	return found
}

// NewService makes a Service of one endpoint, which has an address and an EndpointSlice that are newer than any other, and
// returns where it listens. A node's proxy of Services learns of them in order, so once a connection passes through this one the
// node has every earlier change of a Service or of an EndpointSlice in force. The caller calls remove, also on error, where it is
// not nil.
func (m *Mesh) NewService(ctx context.Context, namespace string, labels map[string]string, endpoint netip.AddrPort) (at netip.AddrPort, remove func(context.Context) error, err error) {
	const port = "tcp"
	number := int32(endpoint.Port())
	service := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: port, Port: number}}}}
	service.Namespace, service.GenerateName, service.Labels = namespace, "newest-", labels
	service.Annotations = map[string]string{"networking.istio.io/exportTo": "~"} // it is no proxy's business
	if err := m.kube.Create(ctx, service); err != nil {
		return at, nil, err
	}
	remove = func(ctx context.Context) error { return m.kube.Delete(ctx, service) }
	slice := &discoveryv1.EndpointSlice{
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{endpoint.Addr().String()}}},
		Ports:       []discoveryv1.EndpointPort{{Name: new(port), Port: &number}},
	}
	slice.Namespace, slice.Name = namespace, service.Name
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: service.Name}
	slice.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: service.Name, UID: service.UID}}
	if err := m.kube.Create(ctx, slice); err != nil {
		return at, remove, err
	}
	address, err := netip.ParseAddr(service.Spec.ClusterIP)
	if err != nil {
		return at, remove, fmt.Errorf("address of Service %s/%s: %w", namespace, service.Name, err)
	}
	return netip.AddrPortFrom(address, endpoint.Port()), remove, nil
}
