package mesh

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mtls.test/conformance/e2e/pure/fixture"
)

// PodStates are the states of pods at one moment, by NAMESPACE/NAME.
type PodStates map[string]PodState

// PodState is the part of a pod by which a restart or a loss of readiness shows.
type PodState struct {
	Generation string // the pod's UID with the restart count and start time of each container
	Ready      string // the status of condition Ready, and since when; Services send nothing to a pod that is not ready
}

// controlPlanePods selects the pods of the API server and of etcd on a cluster that kubeadm made, which every reading of the mesh
// goes through (https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/#generate-static-pod-manifests-for-control-plane-components).
const controlPlanePods = "component in (kube-apiserver, etcd)"

// PodStates returns the states of the named pods and of those that every check depends on: the istiods, the taps,
// and on a cluster of the suite's own the API server and etcd. Other pods in their namespaces have no part in a verdict.
func (m *Mesh) PodStates(ctx context.Context, named []Proxy) (PodStates, error) {
	wanted := []podSet{{namespace: m.place.Istiod, selector: m.place.IstiodSelector()}}
	if m.place.Allowed.Tap {
		wanted = append(wanted, podSet{namespace: m.place.In(fixture.TapNamespace)})
	}
	if !m.place.Existing {
		wanted = append(wanted, podSet{namespace: metav1.NamespaceSystem, selector: controlPlanePods})
	}
	names := map[string]map[string]bool{}
	for _, pod := range named {
		if names[pod.Namespace] == nil {
			names[pod.Namespace] = map[string]bool{}
		}
		names[pod.Namespace][pod.Pod] = true
	}
	for namespace, only := range names {
		wanted = append(wanted, podSet{namespace: namespace, only: only})
	}
	found := make([]PodStates, len(wanted))
	listing, ctx := errgroup.WithContext(ctx)
	for i, set := range wanted {
		listing.Go(func() (err error) {
			found[i], err = m.podStatesOf(ctx, set)
			return err
		})
	}
	if err := listing.Wait(); err != nil {
		return nil, err
	}
	all := PodStates{}
	for _, states := range found {
		maps.Copy(all, states)
	}
	return all, nil
}

// podSet is the pods of a namespace that a selector selects and, where names are given, that have one of them.
type podSet struct {
	namespace, selector string
	only                map[string]bool
}

func (m *Mesh) podStatesOf(ctx context.Context, set podSet) (PodStates, error) {
	pods, err := m.kube.Pods(ctx, set.namespace, set.selector)
	if err != nil {
		return nil, err
	}
	states := PodStates{}
	for _, pod := range pods {
		if set.only == nil || set.only[pod.Name] {
			states[set.namespace+"/"+pod.Name] = podStateOf(pod)
		}
	}
	return states, nil
}

func podStateOf(pod corev1.Pod) PodState {
	state := PodState{Generation: string(pod.UID)}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		state.Generation += fmt.Sprintf(" %s:%d %s", status.Name, status.RestartCount, since(status))
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			state.Ready = fmt.Sprintf("%s since %s", condition.Status, condition.LastTransitionTime)
		}
	}
	return state
}

// since is when a container started; one that has ended may wait long for its next start.
func since(status corev1.ContainerStatus) string {
	if status.State.Running == nil {
		return "ended"
	}
	return status.State.Running.StartedAt.String()
}

// Interrupted names the pods of s that are gone, have restarted or have lost readiness since, each with what happened, sorted.
func (s PodStates) Interrupted(now PodStates) []string {
	var interrupted []string
	for pod, before := range s {
		switch is, runs := now[pod]; {
		case !runs:
			interrupted = append(interrupted, pod+" is gone")
		case is.Generation != before.Generation:
			interrupted = append(interrupted, pod+" has ended or started anew")
		case is.Ready != before.Ready:
			interrupted = append(interrupted, pod+" was not ready all the time")
		}
	}
	slices.Sort(interrupted)
	return interrupted
}
