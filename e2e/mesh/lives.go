package mesh

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mtls.test/conformance/e2e/fixture"
)

// Lives are the pods on which a run rests.
type Lives map[string]Life

// Life is what changes when a pod or a container of it starts anew, and when it became ready last: of one that is not, its
// Services send nothing to it.
type Life struct{ Runs, Ready string }

// controlPlane selects Kubernetes' own pods on a cluster that kubeadm made
// (https://kubernetes.io/docs/reference/labels-annotations-taints/#tier).
const controlPlane = "tier=control-plane"

// Lives lists the pods of the world's namespaces, of istiod and of the taps; on a cluster of ours those of Kubernetes too.
func (m *Mesh) Lives(ctx context.Context, world fixture.World) (Lives, error) {
	selectors := map[string]string{m.place.Istiod: ""}
	if m.place.Allowed.Tap {
		selectors[m.place.In(fixture.TapNamespace)] = ""
	}
	if !m.place.Existing {
		selectors[metav1.NamespaceSystem] = controlPlane
	}
	for _, workload := range world.Workloads {
		selectors[workload.Namespace] = ""
	}
	lives := Lives{}
	for namespace, selector := range selectors {
		pods, err := m.kube.Pods(ctx, namespace, selector)
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			life := Life{Runs: string(pod.UID)}
			for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
				life.Runs += fmt.Sprintf(" %s:%d %s", status.Name, status.RestartCount, since(status))
			}
			for _, condition := range pod.Status.Conditions {
				if condition.Type == corev1.PodReady {
					life.Ready = fmt.Sprintf("%s since %s", condition.Status, condition.LastTransitionTime)
				}
			}
			lives[namespace+"/"+pod.Name] = life
		}
	}
	return lives, nil
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
