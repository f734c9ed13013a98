package mesh

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// ProxyContainer is the container of every Envoy, sidecar and gateway alike.
const ProxyContainer = "istio-proxy"

// Place is the pod in which a client or a service of the world runs.
type Place struct {
	Proxy    // names the pod, also one that has no proxy
	Address  netip.Addr
	Proxied  bool
	Identity hop.Identity // empty for a pod without a proxy: it has none to prove
	Account  hop.Identity // that its ServiceAccount may prove, proxy or not

	workload string // whose pod it is
}

// Known is false of what the cluster has no pod of: its ingress gateway, where there is none to work with.
func (p Place) Known() bool { return p.Pod != "" }

// Places are the pods of the world.
type Places struct {
	Clients  map[string]Place // by name
	Services map[string]Place // by name, and by NAME/SUBSET where several workloads are behind one
	Lacking  map[string]error // by either of these names: why the one pod that a hop names is not there
}

// Client finds the pod of a client. The error says why there is none.
func (p Places) Client(name string) (Place, error) {
	if why := p.Lacking[name]; why != nil {
		return Place{}, why
	}
	return p.Clients[name], nil
}

// Server finds the pod behind a service, or behind a subset of it; a service with one workload has it behind any. The error
// says why there is none.
func (p Places) Server(service, subset string) (Place, error) {
	for _, key := range []string{service, service + "/" + subset} {
		if why := p.Lacking[key]; why != nil {
			return Place{}, why
		}
		if place, found := p.Services[key]; found {
			return place, nil
		}
	}
	return Place{}, fmt.Errorf("no pod is behind service %s, subset %q", service, subset)
}

// Locate finds the one pod of each client and service. A hop names one of each, so a workload of another number of pods is
// lacking; whether a pod has the proxy that it should is for the cases to judge.
func (m *Mesh) Locate(ctx context.Context, world fixture.World) (Places, error) {
	pods, lacking := map[string]Place{}, map[string]error{}
	for _, workload := range world.Workloads {
		if m.place.NoGateway != "" && workload.Name == m.place.Gateway.Name {
			continue
		}
		place, err := m.locate(ctx, workload)
		var count CountError
		switch {
		case errors.As(err, &count):
			lacking[workload.Name] = count
		case err != nil:
			return Places{}, fmt.Errorf("workload %s: %w", workload.Name, err)
		default:
			pods[workload.Name] = place
		}
	}
	return placesOf(world, pods, lacking), nil
}

// placesOf gives clients and services the pods of their workloads.
func placesOf(world fixture.World, pods map[string]Place, lacking map[string]error) Places {
	places := Places{Clients: map[string]Place{}, Services: map[string]Place{}, Lacking: map[string]error{}}
	give := func(to map[string]Place, name, workload string) {
		if why := lacking[workload]; why != nil {
			places.Lacking[name] = why
			return
		}
		to[name] = pods[workload]
	}
	for _, client := range world.Clients {
		give(places.Clients, client.Name, client.Workload.Name)
	}
	for _, service := range world.Services {
		for _, workload := range service.Workloads {
			key := service.Name
			if len(service.Workloads) > 1 {
				key += "/" + workload.Subset()
			}
			give(places.Services, key, workload.Name)
		}
	}
	return places
}

// CountError is another number of pods of a workload than the one that a hop names.
type CountError struct {
	Workload fixture.Workload
	Pods     []string
}

func (e CountError) Error() string {
	running := "no pod runs"
	if len(e.Pods) > 0 {
		running = fmt.Sprintf("%d pods run (%s)", len(e.Pods), strings.Join(e.Pods, ", "))
	}
	return fmt.Sprintf("workload %s: %s, want one (kubectl get pods -n %s -l %s)", e.Workload.Name, running, e.Workload.Namespace, e.Workload.Selector)
}

func (m *Mesh) locate(ctx context.Context, workload fixture.Workload) (Place, error) {
	namespace := workload.Namespace
	pods, err := m.kube.Pods(ctx, namespace, workload.Selector)
	if err != nil {
		return Place{}, err
	}
	if len(pods) != 1 {
		return Place{}, CountError{Workload: workload, Pods: namesOf(pods)}
	}
	pod := pods[0]
	address, err := netip.ParseAddr(pod.Status.PodIP)
	if err != nil {
		return Place{}, fmt.Errorf("pod %s/%s: %w", namespace, pod.Name, err)
	}
	place := Place{Proxy: Proxy{Namespace: namespace, Pod: pod.Name}, Address: address, Proxied: HasProxy(pod), workload: workload.Name}
	// https://istio.io/latest/docs/concepts/security/#istio-identity
	place.Account = hop.Identity(fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", m.place.TrustDomain, namespace, pod.Spec.ServiceAccountName))
	if place.Proxied {
		place.Identity = place.Account
	}
	return place, nil
}

func namesOf(pods []corev1.Pod) []string {
	var names []string
	for _, pod := range pods {
		names = append(names, pod.Name)
	}
	return names
}

// HasProxy reports whether a pod has a sidecar or is a gateway. It looks among init containers too: from Kubernetes 1.33 on the sidecar is one that restarts.
func HasProxy(pod corev1.Pod) bool {
	for _, containers := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for _, container := range containers {
			if container.Name == ProxyContainer {
				return true
			}
		}
	}
	return false
}

// Proxies lists the pods that have a proxy, each once, by their names.
func (p Places) Proxies() []Proxy {
	found := map[Proxy]bool{}
	for _, places := range []map[string]Place{p.Clients, p.Services} {
		for _, place := range places {
			if place.Proxied {
				found[place.Proxy] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Proxy) int { return strings.Compare(a.String(), b.String()) })
}
