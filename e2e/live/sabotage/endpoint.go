package sabotage

import (
	"context"
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/proof"
	"mtls.test/conformance/e2e/pure/fixture"
)

// byHand is who manages an EndpointSlice that no controller made. Those of Kubernetes leave it alone
// (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#management).
const byHand = "sabotage"

// endpoint makes a second EndpointSlice of a service, with the pod of a workload of its own.
func (w *work) endpoint(ctx context.Context, add fixture.Endpoint) error {
	service, known := w.World.Service(add.Service)
	if !known {
		return fmt.Errorf("service %s: the world has none", add.Service)
	}
	pod, err := proof.PodOf(ctx, w.Kube, w.World, add.Workload)
	if err != nil {
		return err
	}
	on, err := w.lease(ctx)
	if err != nil {
		return err
	}
	slice := sliceOf(service, add.Workload, pod.Status.PodIP)
	objects := []k8s.Object{slice}
	w.undo(func(ctx context.Context) error { return w.policies.Delete(ctx, objects) })
	w.done.Rerouted = true
	return on.Apply(ctx, objects, fixture.Whenever)
}

func sliceOf(service fixture.Service, workload, address string) *discoveryv1.EndpointSlice {
	ready := true
	slice := &discoveryv1.EndpointSlice{
		TypeMeta: metav1.TypeMeta{APIVersion: discoveryv1.SchemeGroupVersion.String(), Kind: "EndpointSlice"},
		ObjectMeta: metav1.ObjectMeta{
			Name: service.Name + "-" + workload, Namespace: service.Namespace,
			Labels: map[string]string{discoveryv1.LabelServiceName: service.Name, discoveryv1.LabelManagedBy: byHand},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
	}
	for _, port := range service.Ports {
		number := int32(port.Workload)
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &number})
	}
	return slice
}
