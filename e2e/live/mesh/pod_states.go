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

// Lives are pods, by NAMESPACE/NAME, as they are at one moment.
type Lives map[string]Life

// Life is what changes when a pod or a container of it starts anew, and when it became ready last: of one that is not, its
// Services send nothing to it.
type Life struct{ Runs, Ready string }

// storage selects the pods of the API server and of its store on a cluster that kubeadm made: every reading of the mesh goes
// through them (https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/#generate-static-pod-manifests-for-control-plane-components).
const storage = "component in (kube-apiserver, etcd)"

// Lives returns the pods that are named, and those on which every check rests: the istiods of the revision, the taps, and on a
// cluster of the suite's own the API server and its store. Others in their namespaces have no part in a verdict.
func (m *Mesh) Lives(ctx context.Context, named []Proxy) (Lives, error) {
	wanted := []podSet{{namespace: m.place.Istiod, selector: istiodsOf(m.place.Revision)}}
	if m.place.Allowed.Tap {
		wanted = append(wanted, podSet{namespace: m.place.In(fixture.TapNamespace)})
	}
	if !m.place.Existing {
		wanted = append(wanted, podSet{namespace: metav1.NamespaceSystem, selector: storage})
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
	found := make([]Lives, len(wanted))
	listing, ctx := errgroup.WithContext(ctx)
	for i, set := range wanted {
		listing.Go(func() (err error) {
			found[i], err = m.livesOf(ctx, set)
			return err
		})
	}
	if err := listing.Wait(); err != nil {
		return nil, err
	}
	all := Lives{}
	for _, lives := range found {
		maps.Copy(all, lives)
	}
	return all, nil
}

// podSet is the pods of a namespace that a selector selects and, where names are given, that have one of them.
type podSet struct {
	namespace, selector string
	only                map[string]bool
}

func (m *Mesh) livesOf(ctx context.Context, set podSet) (Lives, error) {
	pods, err := m.kube.Pods(ctx, set.namespace, set.selector)
	if err != nil {
		return nil, err
	}
	lives := Lives{}
	for _, pod := range pods {
		if set.only == nil || set.only[pod.Name] {
			lives[set.namespace+"/"+pod.Name] = lifeOf(pod)
		}
	}
	return lives, nil
}

func lifeOf(pod corev1.Pod) Life {
	life := Life{Runs: string(pod.UID)}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		life.Runs += fmt.Sprintf(" %s:%d %s", status.Name, status.RestartCount, since(status))
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			life.Ready = fmt.Sprintf("%s since %s", condition.Status, condition.LastTransitionTime)
		}
	}
	return life
}

// since is when a container started; one that has ended may wait long for its next start.
func since(status corev1.ContainerStatus) string {
	if status.State.Running == nil {
		return "ended"
	}
	return status.State.Running.StartedAt.String()
}

// Ended lists the pods that are gone, have started anew or were not ready since.
func (l Lives) Ended(now Lives) []string {
	var ended []string
	for pod, life := range l {
		switch is, runs := now[pod]; {
		case !runs:
			ended = append(ended, pod+" is gone")
		case is.Runs != life.Runs:
			ended = append(ended, pod+" has ended or started anew")
		case is.Ready != life.Ready:
			ended = append(ended, pod+" was not ready all the time")
		}
	}
	slices.Sort(ended)
	return ended
}
