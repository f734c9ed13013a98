package mesh

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/interception"
)

// ProxyContainer is the container of every Envoy, sidecar and gateway alike.
const ProxyContainer = "istio-proxy"

// Place is a pod in which a client or a service of the world runs.
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

// Pods are the pods of one workload, by their names. They are alike but for their addresses. Of what the cluster does not have
// there is none.
type Pods []Place

// First is the one that speaks for all where nothing depends on which it is.
func (p Pods) First() Place {
	if len(p) == 0 {
		return Place{}
	}
	return p[0]
}

// Places are the pods of the world.
type Places struct {
	Clients  map[string]Pods  // by name
	Services map[string]Pods  // by name, and by NAME/SUBSET where several workloads are behind one
	Lacking  map[string]error // by either of these names: why no pod is there

	Interceptions map[Proxy]interception.Interception // which connections each proxy gets
}

// Client finds the pods of a client. The error says why there is none.
func (p Places) Client(name string) (Pods, error) {
	if why := p.Lacking[name]; why != nil {
		return nil, why
	}
	return p.Clients[name], nil
}

// Server finds the pods behind a service, or behind a subset of it; a service with one workload has its pods behind any. The
// error says why there is none.
func (p Places) Server(service, subset string) (Pods, error) {
	for _, key := range []string{service, service + "/" + subset} {
		if why := p.Lacking[key]; why != nil {
			return nil, why
		}
		if pods, found := p.Services[key]; found {
			return pods, nil
		}
	}
	return nil, fmt.Errorf("no pod is behind service %s, subset %q", service, subset)
}

// Locate finds the pods of each client and service. A workload without any is lacking; whether a pod has the proxy that it
// should is for the cases to judge.
func (m *Mesh) Locate(ctx context.Context, world fixture.World) (Places, error) {
	running, err := m.running(ctx, world)
	if err != nil {
		return Places{}, err
	}
	pods, lacking := map[string]Pods{}, map[string]error{}
	for _, workload := range world.Workloads {
		if m.place.NoGateway != "" && workload.Name == m.place.Gateway.Name {
			continue
		}
		found, err := m.locate(running[workload.Namespace], workload)
		if err != nil {
			return Places{}, fmt.Errorf("workload %s: %w", workload.Name, err)
		}
		if len(found) == 0 {
			lacking[workload.Name] = NoPodError{workload}
		}
		pods[workload.Name] = found
	}
	places := placesOf(world, pods, lacking)
	places.Interceptions, err = interceptions(running, places.Proxies())
	return places, err
}

// running lists the pods that run in the namespaces of the world, by namespace.
func (m *Mesh) running(ctx context.Context, world fixture.World) (map[string][]corev1.Pod, error) {
	var mu sync.Mutex
	all := map[string][]corev1.Pod{}
	for _, workload := range world.Workloads {
		all[workload.Namespace] = nil
	}
	listing, ctx := errgroup.WithContext(ctx)
	for _, namespace := range slices.Collect(maps.Keys(all)) {
		listing.Go(func() error {
			pods, err := m.kube.Pods(ctx, namespace, "")
			mu.Lock()
			defer mu.Unlock()
			all[namespace] = pods
			return err
		})
	}
	return all, listing.Wait()
}

// placesOf gives clients and services the pods of their workloads.
func placesOf(world fixture.World, pods map[string]Pods, lacking map[string]error) Places {
	places := Places{Clients: map[string]Pods{}, Services: map[string]Pods{}, Lacking: map[string]error{}}
	give := func(to map[string]Pods, name, workload string) {
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

// NoPodError is of a workload of which no pod runs.
type NoPodError struct{ Workload fixture.Workload }

func (e NoPodError) Error() string {
	return fmt.Sprintf("workload %s: no pod runs (kubectl get pods -n %s -l %s)", e.Workload.Name, e.Workload.Namespace, e.Workload.Selector)
}

// locate finds the pods of a workload among those of its namespace. Where some are ready, the others are left out: no request is
// sent to them.
func (m *Mesh) locate(running []corev1.Pod, workload fixture.Workload) (Pods, error) {
	key, value := workload.Label()
	pods := slices.DeleteFunc(slices.Clone(running), func(pod corev1.Pod) bool { return pod.Labels[key] != value })
	if slices.ContainsFunc(pods, IsReady) {
		pods = slices.DeleteFunc(pods, func(pod corev1.Pod) bool { return !IsReady(pod) })
	}
	var found Pods
	for _, pod := range pods {
		place, err := m.placeOf(pod, workload)
		if err != nil {
			return nil, err
		}
		found = append(found, place)
	}
	slices.SortFunc(found, func(a, b Place) int { return strings.Compare(a.Pod, b.Pod) })
	return found, nil
}

func (m *Mesh) placeOf(pod corev1.Pod, workload fixture.Workload) (Place, error) {
	address, err := netip.ParseAddr(pod.Status.PodIP)
	if err != nil {
		return Place{}, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	place := Place{Proxy: Proxy{Namespace: pod.Namespace, Pod: pod.Name}, Address: address, Proxied: HasProxy(pod), workload: workload.Name}
	// https://istio.io/latest/docs/concepts/security/#istio-identity
	place.Account = hop.Identity(fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", m.place.TrustDomain, pod.Namespace, pod.Spec.ServiceAccountName))
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

// IsReady reports whether a pod is ready: Services send to it.
func IsReady(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// HasProxy reports whether a pod has a sidecar or is a gateway. It looks among init containers too: from Kubernetes 1.33 on the
// sidecar is one that restarts.
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

// All lists the pods, each once, by their names.
func (p Places) All() []Place {
	found := map[Place]bool{}
	for _, places := range []map[string]Pods{p.Clients, p.Services} {
		for _, pods := range places {
			for _, place := range pods {
				found[place] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Place) int { return strings.Compare(a.String(), b.String()) })
}

// Proxies lists the pods that have a proxy, each once, by their names.
func (p Places) Proxies() []Proxy {
	var proxies []Proxy
	for _, place := range p.All() {
		if place.Proxied {
			proxies = append(proxies, place.Proxy)
		}
	}
	return proxies
}

// Since returns p with the pods that are known of workloads which have none any more, so that what was sent to them is judged as
// such.
func (p Places) Since(known Places) Places {
	for _, one := range []struct{ is, was map[string]Pods }{{p.Clients, known.Clients}, {p.Services, known.Services}} {
		for name, pods := range one.was {
			if len(one.is[name]) == 0 && len(pods) > 0 {
				one.is[name] = pods
				delete(p.Lacking, name)
			}
		}
	}
	for proxy, known := range known.Interceptions {
		if _, found := p.Interceptions[proxy]; !found {
			p.Interceptions[proxy] = known
		}
	}
	return p
}

// Fewer lists the pods of was that p does not have, of workloads that kept another: such a workload has fewer pods than it had, or
// others beside it, and its requests go on.
func (p Places) Fewer(was Places) []Place {
	now := p.All()
	stays := map[string]bool{}
	for _, place := range was.All() {
		if slices.Contains(now, place) {
			stays[place.workload] = true
		}
	}
	return slices.DeleteFunc(was.All(), func(place Place) bool { return slices.Contains(now, place) || !stays[place.workload] })
}
